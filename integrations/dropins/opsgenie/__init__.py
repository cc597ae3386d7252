"""Opsgenie's Alert API below /v2/: https://docs.opsgenie.com/docs/alert-api

Creating and every verb go through the inbox and are answered as Opsgenie does, with a `requestId`
(the event's number) that tells later what became of it. An alert has three names:

    id      a UUID made of its number; a request's number stands for the alert it was about
    tiny    the number people see
    alias   its dedup key, while it is open

A bare number as `id` is a request, never an alert: two numberings must not be mixed up.
"""
