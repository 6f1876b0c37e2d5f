; Hosts that the certificate of server1.example.com is for by the name *.test.ex, and one too deep for it.

wild         A  127.0.0.1
very.wild    A  127.0.0.1
