"""Webhooks that tell the end of a job, as https://www.standardwebhooks.com describes them.

`signing`: bodies and signatures. `targets`: where they may go. `posting`: one try. `sender`: try
after try. Nothing is imported here: the settings check secrets before a database or a client is
loaded.
"""
