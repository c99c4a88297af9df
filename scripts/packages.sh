# SPDX-License-Identifier: MIT
# packages.sh - the packages of this repository, built into one folder. Sourced by bash, after `root` is set.
#
# The libraries, the examples and the benchmarks are a package each, so that a user of the libraries fetches nothing for
# the programs. Their builds share a scratch folder: what several need is built once, and the programs lie side by side.
# SwiftPM takes a folder's last plan for the next one without looking whose it is, so every build here plans anew, and the
# folder is not the one that a plain `swift build` has.

packages=(. Sources/VanillaExamples bench)

# Set `location`: the options of swift that say which package, and where it builds; `scratch` names another folder.
locate() { # package
    location=(--package-path "$root/$1" --scratch-path "${scratch:-$root/.build-all}" --disable-build-manifest-caching)
}

# Run `swift COMMAND` for one package.
swift_of() { # package command argument...
    local location
    locate "$1"
    swift "$2" "${location[@]}" "${@:3}"
}

# The programs that a user runs: those that a manifest declares.
programs_of() { # package
    sed -n 's/.*\.executable(name: "\([^"]*\)".*/\1/p' "$root/$1/Package.swift"
}

# The package of such a program.
package_of_program() { # program
    local package
    for package in "${packages[@]}"; do
        if programs_of "$package" | grep -qxF -- "$1"; then
            echo "$package"
            return
        fi
    done
    return 1
}
