//! The rules of a data-use application.

pub const USE: &str = r#"
id = "use"
title = "用数"
title_en = "Data use"
section = "data_use"
number_prefix = "用〔{year}〕{seq}号"
parties = ["authority"]
cite = ["ST-OP-001"]
[open]
by = ["operator"]
[[stage]]
id = "applied"
title = "申请"
title_en = "Applied"
holder = "authority"
cite = ["ST-OP-001"]
[[stage]]
id = "permitted"
title = "许可"
title_en = "Permitted"
rests = true
cite = ["ST-OP-001"]
[[stage]]
id = "revoked"
title = "撤销"
title_en = "Revoked"
is_final = true
cite = ["ST-OP-001"]
[[group]]
id = "basics"
title = "基本"
title_en = "Basics"
[[field]]
id = "agreement"
title = "协议"
title_en = "Agreement"
type = "case"
procedure = "operating"
group = "basics"
cite = ["ST-OP-001"]
[[field]]
id = "tables"
title = "表"
title_en = "Tables"
type = "columns"
procedure = "entry"
group = "basics"
cite = ["ST-OP-001"]
[[field]]
id = "join_risk_report"
title = "评估"
title_en = "Assessment"
type = "file"
group = "basics"
cite = ["ST-OP-001"]
[[field]]
id = "fusion"
title = "融合"
title_en = "Fusion"
type = "yes_no"
group = "basics"
cite = ["ST-OP-001"]
[[field]]
id = "answers"
title = "答复方式"
title_en = "How answers leave"
type = "choice"
group = "basics"
choices = [{ id = "stat", title = "统计", title_en = "Statistics" }, { id = "review", title = "送审", title_en = "Reviewed" }, { id = "verify", title = "核验", title_en = "Checks" }]
cite = ["ST-OP-001"]
[[field]]
id = "join_risk"
title = "审定"
title_en = "Verdict"
type = "choice"
choices = [{ id = "not_assessed", title = "否", title_en = "No" }, { id = "assessed", title = "是", title_en = "Yes" }]
cite = ["ST-OP-001"]
[[act]]
id = "permit"
kind = "approve"
title = "许可"
title_en = "Permit"
by = ["authority"]
from = ["applied"]
to = "permitted"
records = ["join_risk"]
effects = ["issue_permit"]
cite = ["ST-OP-001"]
[[act]]
id = "revoke"
kind = "revoke"
title = "撤销"
title_en = "Revoke"
by = ["authority"]
from = ["permitted"]
to = "revoked"
effects = ["end_permit"]
cite = ["ST-OP-001"]
"#;
