; Hosts that the certificate of server1.example.com is for by the name *.test.ex, and one too deep for it.

wild         A  127.0.0.1
very.wild    A  127.0.0.1

; DANE (RFC 6698). The certificates are those of the addresses: 127.0.0.1 and
; 127.0.0.13 have server1's (the first is the MTA's own, which it takes out of a list of MX hosts), 127.0.0.2 server2's, 127.0.0.3 expired1's.

; End entity: by certificate or public key, whole or by digest. Neither name nor date counts.
DNSSEC ee301        A     127.0.0.2
DNSSEC _1225._tcp.ee301 TLSA 3 0 1 file:aux-fixed/exim-ca/example.com/server2.example.com/server2.example.com.pem
DNSSEC ee310        A     127.0.0.2
DNSSEC _1225._tcp.ee310 TLSA 3 1 0 file:aux-fixed/exim-ca/example.com/server2.example.com/server2.example.com.pem
DNSSEC ee312        A     127.0.0.2
DNSSEC _1225._tcp.ee312 TLSA 3 1 2 file:aux-fixed/exim-ca/example.com/server2.example.com/server2.example.com.pem
DNSSEC ee           A     127.0.0.3
DNSSEC _1225._tcp.ee TLSA 3 1 1 file:aux-fixed/exim-ca/example.com/expired1.example.com/expired1.example.com.pem

; Trust anchor: its name and date count.
DNSSEC ta           A     127.0.0.13
DNSSEC _1225._tcp.ta TLSA 2 0 1 file:aux-fixed/exim-ca/example.com/CA/Signer.pem
DNSSEC ta212        A     127.0.0.1
DNSSEC _1225._tcp.ta212 TLSA 2 1 2 file:aux-fixed/exim-ca/example.com/CA/Signer.pem
DNSSEC ta-name      A     127.0.0.2
DNSSEC _1225._tcp.ta-name TLSA 2 0 1 file:aux-fixed/exim-ca/example.com/CA/Signer.pem
DNSSEC ta-expired   A     127.0.0.3
DNSSEC _1225._tcp.ta-expired TLSA 2 0 1 file:aux-fixed/exim-ca/example.com/CA/Signer.pem

; Of another certificate, of another authority, and both beside the right one.
DNSSEC ee-other     A     127.0.0.2
DNSSEC _1225._tcp.ee-other TLSA 3 1 1 file:aux-fixed/exim-ca/example.com/server1.example.com/server1.example.com.pem
DNSSEC ta-other     A     127.0.0.1
DNSSEC _1225._tcp.ta-other TLSA 2 0 1 file:aux-fixed/exim-ca/example.net/CA/Signer.pem
DNSSEC several      A     127.0.0.1
DNSSEC _1225._tcp.several TLSA 3 1 1 file:aux-fixed/exim-ca/example.com/server2.example.com/server2.example.com.pem
DNSSEC _1225._tcp.several TLSA 2 0 1 file:aux-fixed/exim-ca/example.net/CA/Signer.pem
DNSSEC _1225._tcp.several TLSA 3 1 1 file:aux-fixed/exim-ca/example.com/server1.example.com/server1.example.com.pem

; Not to be used: no record, an insecure one, one of an insecure address.
DNSSEC no-tlsa      A     127.0.0.13
DNSSEC tlsa-insecure A    127.0.0.1
_1225._tcp.tlsa-insecure TLSA 3 1 1 file:aux-fixed/exim-ca/example.com/server1.example.com/server1.example.com.pem
a-insecure          A     127.0.0.1
DNSSEC _1225._tcp.a-insecure TLSA 3 1 1 file:aux-fixed/exim-ca/example.com/server1.example.com/server1.example.com.pem

; The lookup of the record fails.
DNSSEC tlsa-again   A     127.0.0.1
DNSSEC _1225._tcp.tlsa-again CNAME test.again.dns.

; A record elsewhere, and a host of another name.
DNSSEC tlsa-cname   A     127.0.0.1
DNSSEC _1225._tcp.tlsa-cname CNAME _1225._tcp.ta
DNSSEC host-cname   CNAME ta

; Several hosts: the first one's record is not for its certificate.
DNSSEC mx           MX    1 ta
DNSSEC mx-other     MX    1 ee-other
DNSSEC mx-other     MX    2 ta
DNSSEC mx-mixed     MX    1 ta-name
DNSSEC mx-mixed     MX    2 no-tlsa
mx-insecure         MX    1 ta

; Certificates and keys of the authority in other forms, and that of the root, which servers do not send.
DNSSEC ta202        A     127.0.0.13
DNSSEC _1225._tcp.ta202 TLSA 2 0 2 file:aux-fixed/exim-ca/example.com/CA/Signer.pem
DNSSEC ta211        A     127.0.0.13
DNSSEC _1225._tcp.ta211 TLSA 2 1 1 file:aux-fixed/exim-ca/example.com/CA/Signer.pem
DNSSEC ta200        A     127.0.0.13
DNSSEC _1225._tcp.ta200 TLSA 2 0 0 file:aux-fixed/exim-ca/example.com/CA/Signer.pem
DNSSEC ta210        A     127.0.0.13
DNSSEC _1225._tcp.ta210 TLSA 2 1 0 file:aux-fixed/exim-ca/example.com/CA/Signer.pem
DNSSEC ta-root      A     127.0.0.13
DNSSEC _1225._tcp.ta-root TLSA 2 0 1 file:aux-fixed/exim-ca/example.com/CA/CA.pem
DNSSEC ta-root2     A     127.0.0.13
DNSSEC _1225._tcp.ta-root2 CNAME _1225._tcp.ta-root
DNSSEC ta-root3     A     127.0.0.13
DNSSEC _1225._tcp.ta-root3 CNAME _1225._tcp.ta-root
DNSSEC ta-leaf      A     127.0.0.13
DNSSEC _1225._tcp.ta-leaf TLSA 2 1 1 file:aux-fixed/exim-ca/example.com/server1.example.com/server1.example.com.pem

; Not to be used by an MTA (RFC 7672, section 3.1.3), or of no known selector or matching type: alone, and beside one that is to be used.
DNSSEC pkix-ta      A     127.0.0.13
DNSSEC _1225._tcp.pkix-ta TLSA 0 0 1 file:aux-fixed/exim-ca/example.com/CA/Signer.pem
DNSSEC pkix-ee      A     127.0.0.13
DNSSEC _1225._tcp.pkix-ee TLSA 1 1 1 file:aux-fixed/exim-ca/example.com/server1.example.com/server1.example.com.pem
DNSSEC no-mtype     A     127.0.0.13
DNSSEC _1225._tcp.no-mtype TLSA 3 1 9 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
DNSSEC no-selector  A     127.0.0.13
DNSSEC _1225._tcp.no-selector TLSA 3 9 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
DNSSEC short        A     127.0.0.13
DNSSEC _1225._tcp.short TLSA 3 1 1 0123456789abcdef
DNSSEC beside-good  A     127.0.0.13
DNSSEC _1225._tcp.beside-good TLSA 1 1 1 file:aux-fixed/exim-ca/example.com/server2.example.com/server2.example.com.pem
DNSSEC _1225._tcp.beside-good TLSA 3 1 9 0123456789abcdef
DNSSEC _1225._tcp.beside-good TLSA 3 1 1 file:aux-fixed/exim-ca/example.com/server1.example.com/server1.example.com.pem
DNSSEC beside-other A     127.0.0.13
DNSSEC _1225._tcp.beside-other TLSA 1 1 1 file:aux-fixed/exim-ca/example.com/server1.example.com/server1.example.com.pem
DNSSEC _1225._tcp.beside-other TLSA 3 1 1 file:aux-fixed/exim-ca/example.com/server2.example.com/server2.example.com.pem

; A second domain of the same host.
DNSSEC mx2          MX    1 ta

; At the second daemon's port.
DNSSEC ta-name2     A     127.0.0.10
DNSSEC _1226._tcp.ta-name2 TLSA 2 0 1 file:aux-fixed/exim-ca/example.com/CA/Signer.pem
