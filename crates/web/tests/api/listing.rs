//! A procedure that is opened in batches.

/// A list that is opened in batches, with a field of every kind that fits into a row and two that do not.
pub const LISTING: &str = r#"
id = "listing"
title = "清单"
title_en = "Listing"
section = "authorisation"
number_prefix = "单{seq}"
parties = ["authority"]
cite = ["ST-OP-001"]

[open]
by = ["operator"]

[[open.guard]]
rule = "complete"
code = "request_incomplete"
fields = ["name"]
cite = ["ST-OP-001"]

[open.batch]
then = "submit"
platform_default = "lists are long"

[[stage]]
id = "drafting"
title = "草拟"
title_en = "Drafting"
holder = "operator"
cite = ["ST-OP-001"]
[[stage]]
id = "review"
title = "审核"
title_en = "Review"
holder = "authority"
cite = ["ST-OP-001"]
[[stage]]
id = "done"
title = "办结"
title_en = "Done"
is_final = true
cite = ["ST-OP-001"]

[[group]]
id = "basics"
title = "基本"
title_en = "Basics"

[[field]]
id = "name"
title = "名称"
title_en = "Name"
type = "text"
group = "basics"
is_title = true
cite = ["ST-OP-001"]
[[field]]
id = "kind"
title = "类别"
title_en = "Kind"
type = "choice"
choices = [{ id = "a", title = "甲类", title_en = "A" }, { id = "b", title = "乙类", title_en = "B" }]
group = "basics"
cite = ["ST-OP-001"]
[[field]]
id = "due"
title = "日期"
title_en = "Due"
type = "date"
group = "basics"
cite = ["ST-OP-001"]
[[field]]
id = "price"
title = "金额"
title_en = "Price"
type = "money"
group = "basics"
cite = ["ST-OP-002"]
[[field]]
id = "amount"
title = "数量"
title_en = "Amount"
type = "integer"
group = "basics"
cite = ["ST-OP-001"]
[[field]]
id = "public"
title = "公开"
title_en = "Public"
type = "yes_no"
group = "basics"
cite = ["ST-OP-001"]
[[field]]
id = "partner"
title = "单位"
title_en = "Partner"
type = "body"
group = "basics"
cite = ["ST-OP-001"]
[[field]]
id = "contact"
title = "联系人"
title_en = "Contact"
type = "text"
group = "basics"
personal = true
cite = ["ST-OP-001"]
[[field]]
id = "annex"
title = "附件"
title_en = "Annex"
type = "file"
group = "basics"
cite = ["ST-OP-001"]

[[act]]
id = "submit"
kind = "submit"
title = "提交"
title_en = "Submit"
by = ["operator"]
from = ["drafting"]
to = "review"
records = ["due"]
starts = ["review"]
cite = ["ST-OP-001"]
[[act.guard]]
rule = "complete"
code = "reason_missing"
fields = ["due"]
cite = ["ST-OP-001"]

[[act]]
id = "finish"
kind = "approve"
title = "办结"
title_en = "Finish"
by = ["authority"]
from = ["review"]
to = "done"
stops = ["review"]
cite = ["ST-OP-001"]

[[clock]]
id = "review"
title = "审核期限"
title_en = "Review"
limit = "5 working_day"
bound = "at_most"
holder = "authority"
on_miss = "flag"
cite = ["ST-OP-001"]
"#;
