"""What happens to alerts, told to other tools: read from the timeline, sent in order, logged."""
