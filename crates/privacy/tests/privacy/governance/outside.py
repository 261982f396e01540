# Expected figures from an outside library, pycanon 1.3.6 (PyPI), for the table of `table()` in assess.rs.
# Run: pip install pycanon==1.3.6 && python outside.py > outside.json
import json
import numpy as np
import pandas as pd
from pycanon import anonymity


def table(rows):
    state, out = 2026, []
    for _ in range(rows):
        drawn = []
        for bound in (4, 3, 5, 6, 9):
            state = (state * 1103515245 + 12345) % 2**31
            drawn.append((state >> 8) % bound)
        out.append(drawn)
    frame = pd.DataFrame(out, columns=["age", "sex", "area", "illness", "income"])
    frame["age"] = frame["age"].map(lambda v: f"[{v}0,{v + 1}0)")
    frame["illness"] = frame["illness"].map(lambda v: f"i{v}")
    frame["income"] = frame["income"] * frame["income"] * 100
    return frame


frame = table(1200)
cases = []
for quasi in (["age"], ["age", "sex"], ["age", "sex", "area"]):
    case = {"quasi": quasi, "k": int(anonymity.k_anonymity(frame, quasi)), "sensitive": {}}
    for sensitive in ("illness", "income"):
        case["sensitive"][sensitive] = {
            "distinct": int(anonymity.l_diversity(frame, quasi, [sensitive])),
            "entropy_floor": int(anonymity.entropy_l_diversity(frame, quasi, [sensitive])),
            "t": float(anonymity.t_closeness(frame, quasi, [sensitive])),
        }
    cases.append(case)
print(json.dumps(cases, indent=1))
