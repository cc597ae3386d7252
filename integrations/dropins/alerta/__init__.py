"""Alerta's API below /api: https://docs.alerta.io/api/reference.html

What changes something goes through the inbox, so an alert that has just been sent has only its
event's number yet, told as `event-57`; that names it as well as its own number does.
"""
