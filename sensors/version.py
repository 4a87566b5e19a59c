"""The version of the application, written into what it stores."""

VERSION = "0.1.0"
