"""Whether a topic holds what it must: check.py idempotent|transactional ACKNOWLEDGED HELD."""

import collections
import pathlib
import sys

kind = sys.argv[1]
acknowledged, held = (pathlib.Path(file).read_text().splitlines() for file in sys.argv[2:])
wrong = []
counts = collections.Counter(held)
wrong += [f"{value} is there {count} times" for value, count in counts.items() if count > 1]
if kind == "idempotent":
    wrong += [f"{value} was acknowledged and is lost" for value in acknowledged if value not in counts]
else:
    records = collections.Counter(value.split(".")[0] for value in counts)
    wrong += [f"of transaction {t} there are {count} records" for t, count in records.items() if count != 10]
    for line in acknowledged:
        end, t = line.split()
        if (end == "committed") != (records[t] == 10):
            wrong.append(f"transaction {t} was {end}, and {records[t]} of its records can be read")
print(f"{sys.argv[2].rsplit('/')[-1]}: {len(acknowledged)} acknowledgements, {len(held)} records, {len(wrong)} wrong")
print("\n".join(wrong[:20]))
sys.exit(1 if wrong or not acknowledged else 0)
