"""The registry of channels: literal, in the order people see them; senders know one more."""

from accounts.channels.apprise_target import AppriseTarget, Webhook
from accounts.channels.base import Channel
from accounts.channels.email import Email
from accounts.channels.push import Push
from accounts.channels.sink import Sink
from accounts.channels.sms import Sms
from accounts.channels.voice import Voice

CHANNELS: dict[str, Channel] = {
    channel.kind: channel
    for channel in (Push(), Sms(), Voice(), Email(), AppriseTarget(), Webhook())
}
KINDS = sorted(CHANNELS)
SENDABLE: dict[str, Channel] = {**CHANNELS, Sink.kind: Sink()}
