; The hosts that the test certificates are for, each with an address of its own on the loopback interface.
; certificates-of-addresses in aux-fixed/ is the same the other way round.

server1      A  127.0.0.1
server2      A  127.0.0.2
expired1     A  127.0.0.3
future1      A  127.0.0.4
revoked1     A  127.0.0.5
DNSSEC selfsigned1  A  127.0.0.6
clientonly1  A  127.0.0.7
serveronly1  A  127.0.0.8
retired1     A  127.0.0.9
DNSSEC address1     A  127.0.0.10
revoked2     A  127.0.0.12

alternatename.server1  A  127.0.0.1

; Their certificates are those of server1 and server2.
wrong        A  127.0.0.1
wrong2       A  127.0.0.2

; A host with an expired certificate before one with a good one.
two-hosts    MX  1 expired1
two-hosts    MX  2 server2
two-hosts2   MX  1 future1
two-hosts2   MX  2 server2

; DANE at the second daemon's port: the name of a subject, and a certificate that is its own authority.
DNSSEC _1226._tcp.address1     TLSA  2 0 1 file:aux-fixed/exim-ca/example.com/CA/Signer.pem
DNSSEC _1226._tcp.selfsigned1  TLSA  2 0 1 file:aux-fixed/exim-ca/example.com/selfsigned1.example.com/selfsigned1.example.com.pem
