"""The parts of scripts/browser.py."""
