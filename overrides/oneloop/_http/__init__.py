"""The engine: HTTP and the spec's table of operations; of billing it knows nothing.

transport   one call: auth, deadline, tries
  retry     whether and when to try again, as a pure function
  hooks     what a program is told of each try, the log too
  failure   status → error, and no answer at all
  pool      idle connections, and a limit on all of them
    connection  one exchange of HTTP/1.1, by h11
      stream    a socket that never blocks, TLS, proxies (network)
  foreign   a transport of the caller's, in place of pool
  answer    the body within limits, strict JSON
keywords    options by keyword: hints, and secrets out of frames
config      the options, checked; headers: those of a request
waits       what a call waits for, and the two ways to wait: threads, event loops
"""
