"""The corpus doctor: what is wrong with the articles and their index, and what to do about it."""

from qa.doctor.findings import Finding, Severity
from qa.doctor.report import Report, examine

__all__ = ["Finding", "Report", "Severity", "examine"]
