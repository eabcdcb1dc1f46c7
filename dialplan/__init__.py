"""What Asterisk loads: templates rendered from the municipality's file, prompts made from texts, and the supervisor in its container."""
