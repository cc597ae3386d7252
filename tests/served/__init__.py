"""The whole house as in production: `manage.py serve`, and everybody outside it real or doubled."""
