//! Procedures of the made-up profile.

pub const REQUEST: &str = r#"
id = "request"
title = "申请"
title_en = "Request"
section = "authorisation"
number_prefix = "申〔{year}〕{seq}号"
parties = ["authority"]
cite = ["ST-OP-001"]

[open]
by = ["operator"]

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
id = "approved"
title = "同意"
title_en = "Approved"
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
id = "contact"
title = "联系人"
title_en = "Contact"
type = "text"
group = "basics"
personal = true
cite = ["ST-OP-001"]
[[field]]
id = "starts_on"
title = "开始日"
title_en = "First day"
type = "date"
group = "basics"
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
manners = ["in_person"]
records = ["name", "contact", "starts_on", "annex"]
cite = ["ST-OP-001"]
[[act.guard]]
rule = "complete"
code = "request_incomplete"
fields = ["name"]
cite = ["ST-OP-001"]
[[act.guard]]
rule = "unaffiliated"
code = "affiliate_may_not_redevelop"
body = "@actor"
role = "authority"
touches = "scope"
cite = ["ST-OP-001"]

[[act]]
id = "approve"
kind = "approve"
title = "同意"
title_en = "Approve"
by = ["authority"]
from = ["review"]
to = "approved"
manners = ["in_person"]
route = [{ post = "clerk", title = "拟办" }, { post = "chief", title = "签发" }]
cite = ["ST-OP-001"]
"#;

pub const PRODUCT: &str = r#"
id = "product"
title = "产品"
title_en = "Product"
section = "product"
number_prefix = "品〔{year}〕{seq}号"
cite = ["ST-OP-002"]

[open]
by = ["operator"]

[[stage]]
id = "published"
title = "在架"
title_en = "On the market"
holder = "operator"
cite = ["ST-OP-002"]
[[stage]]
id = "withdrawn"
title = "下架"
title_en = "Withdrawn"
is_final = true
cite = ["ST-OP-002"]

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
cite = ["ST-OP-002"]
[[field]]
id = "content_release"
title = "内容"
title_en = "Content"
type = "text"
group = "basics"
cite = ["ST-OP-002"]
[[field]]
id = "daily_quota"
title = "每日次数"
title_en = "Calls a day"
type = "integer"
group = "basics"
platform_default = "示例默认"
[[field]]
id = "data_use"
title = "依据"
title_en = "Permit"
type = "case"
procedure = "use"
group = "basics"
cite = ["ST-OP-002"]
[[field]]
id = "customer_agreement"
title = "客户协议"
title_en = "Agreement"
type = "case"
procedure = "development"
cite = ["ST-OP-002"]

[[act]]
id = "deliver"
kind = "deliver"
title = "交付"
title_en = "Deliver"
by = ["operator"]
from = ["published"]
records = ["customer_agreement"]
effects = ["deliver_product"]
cite = ["ST-OP-002"]

[[act]]
id = "withdraw"
kind = "terminate"
title = "下架"
title_en = "Withdraw"
by = ["operator"]
from = ["published"]
to = "withdrawn"
effects = ["close_access"]
cite = ["ST-OP-002"]
"#;
