"""Other products' APIs, answered by us: a client changes its host name and its key, nothing else.

To add one, add its file and its lines in the two literal tables: `addresses.py` for the doors,
`dialects.py` for the inbox, which reads what came in through them and must not know any door. A
file (or a package) knows one product's addresses, words and answers, and nobody else does.
"""
