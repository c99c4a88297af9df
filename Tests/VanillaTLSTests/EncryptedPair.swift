// SPDX-License-Identifier: MIT

/// A certificate of this test alone, with a key that is encrypted: the password is "open sesame".
enum EncryptedPair {
    static let chain = Array(
        """
        -----BEGIN CERTIFICATE-----
        MIIBfzCCASWgAwIBAgIUMCxMLZNddLg8/n/8/PpIMyqn7xUwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEzMDIzNDYwNFoYDzIxMjYxMTA2
        MjM0NjA0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAASe2PGisIw1rcj4+QKntHm/mT9C9nxXic+kuz9qu/UkAspnWhJVR6zo
        0euVHBHt+9ZlDWpVmmHflV+Tez70G4Nvo1MwUTAdBgNVHQ4EFgQU69DqjJpcTGzv
        M+L0m+hPI7J5mOowHwYDVR0jBBgwFoAU69DqjJpcTGzvM+L0m+hPI7J5mOowDwYD
        VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA+5A29sbP1vyXfWGGu4Hb
        iXYdD//Z0FGzJ+pzk63hfqoCIANFx+wnMcqKqWD+ZJogchHVwUOXzSe4T5TXiopk
        WPtn
        -----END CERTIFICATE-----
        """.utf8)

    static let key = Array(
        """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjbUp6OCN7iDgICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEPrRRd8vNCREdOnwH6TLtKUEgZCh
        MtYubzuKF80r6AbNfeKoC3V8Bh+16hrS5Ug34UN59dn+Kqkn8qYiESegIGV4dDUK
        qu4W6u1pLHJ4n4QvdiQEf87k7wkp905gupqL5aQt8V4spUHmkDi+AQwqi2frrgWH
        sfpU5lbmjnnbC8cGSdkGFng5eHvu7hQgHp3gfPkAr7C5AMEA/EJZnQd9sqtbDAw=
        -----END ENCRYPTED PRIVATE KEY-----
        """.utf8)
}
