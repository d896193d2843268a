"""Microsoft Graph v1.0 as this app uses it: groups, members, users' licences, subscribed SKUs, files.

    Directory, Users, Drive      what is asked of Graph, in our types
    Batcher                      many small requests in few calls
    Transport                    one HTTP call: token, timeouts, connections
    TokenSource                  the app's own token

Nothing here sleeps or retries later: an error says whether and when another try is right, the queue waits.
"""
