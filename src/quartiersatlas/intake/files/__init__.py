"""Files: what they really hold, whatever their name says; archives, answers of services, geometry layers."""
