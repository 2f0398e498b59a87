"""Reads JUnit reports with junitparser, and writes what it has read: the tests, failures and skipped ones of each."""

import sys

from junitparser import Failure, JUnitXml, Skipped

for name in sys.argv[1:]:
    tests = failed = skipped = 0
    xml = JUnitXml.fromfile(name)
    for suite in xml:
        for case in suite:
            tests += 1
            failed += any(isinstance(one, Failure) for one in case.result)
            skipped += any(isinstance(one, Skipped) for one in case.result)
    written = (xml.tests, xml.failures, xml.skipped)
    xml.update_statistics()
    assert written == (xml.tests, xml.failures, xml.skipped) == (tests, failed, skipped), name
    print(tests, failed, skipped)
