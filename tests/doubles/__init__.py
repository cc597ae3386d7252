"""Local doubles of the edge: Twilio, SMTP, web push, webhooks. Real protocols, scripted faults."""
