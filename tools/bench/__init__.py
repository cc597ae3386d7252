"""The bench: how fast the house is, beside the limit of the machine it stands on."""
