"""Judges answers by Python expressions: reads {"names": {...}, "expect": [...]} a line, and
writes for each line the list of expressions that do not hold, with the error if one has any."""
import json
import sys

for line in sys.stdin:
    case = json.loads(line)
    fails = []
    for expression in case["expect"]:
        try:
            holds = eval(expression, dict(case["names"]))
        except Exception as fault:
            holds, expression = False, f"{expression} ({type(fault).__name__}: {fault})"
        if not holds:
            fails.append(expression)
    print(json.dumps(fails))
