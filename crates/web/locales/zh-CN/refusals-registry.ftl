# 单位、关系、岗位的拒绝。
refusal-affiliate-may-not-redevelop = { $body } 不得再开发：{ $ground ->
    [itself] 它就是运营机构
    [control] 与运营机构 { $other } 有控制关系（{ $chain }）
    [common_control] 与运营机构 { $other } 同受控制（{ $chain }）
    [representative] 与运营机构 { $other } 是同一法定代表人
   *[finding] 监管部门已认定它与运营机构 { $other } 关联
  }。
refusal-affiliate-may-not-redevelop-way-out = 关系终止并由系统管理员登记以后可以再办；登记有误的，请系统管理员或监管部门更正。
refusal-tie-not-yours = 这项登记不由你办：由当事单位、系统管理员或监管部门办理；任何单位不能自己终止。
refusal-tie-not-yours-way-out = 请系统管理员凭纸质件登记。
refusal-body-unknown = 没有登记这个单位。
refusal-body-unknown-way-out = 从列表里选，或先登记单位。
refusal-holding-of-oneself = 两边是同一家单位。
refusal-holding-of-oneself-way-out = 选两家不同的单位。
refusal-holding-share-invalid = 持股比例须在 0 到 100% 之间、最多两位小数；没有比例的须声明控制。
refusal-holding-share-invalid-way-out = 按章程或出资证明填写。
refusal-holding-ends-before-start = 最后一天早于起始日。
refusal-holding-ends-before-start-way-out = 改正日期。
refusal-holding-unknown = 没有 { $number } 号持股。
refusal-holding-unknown-way-out = 从列表里选。
refusal-holding-ended = { $number } 号持股已经终止。
refusal-holding-ended-way-out = 不用再登记。
refusal-representative-incomplete = 法定代表人须有姓名和有效的证件号码。
refusal-representative-incomplete-way-out = 对照证件填写；居民身份证核对末位校验码。
refusal-finding-entered = 同样的认定已经登记，是 { $number } 号。
refusal-finding-entered-way-out = 不用再登记。
refusal-finding-unknown = 没有 { $number } 号认定，或已经撤销。
refusal-finding-unknown-way-out = 从列表里选。
refusal-body-merged = { $body } 已于 { $on } 并入 { $into }，不再办理。
refusal-body-merged-way-out = 由 { $into } 办理；原单位人员请系统管理员登记到 { $into }。
refusal-authorisation-not-passed = { $from } 已并入 { $body }，但这项资格没有随合并转移。
refusal-authorisation-not-passed-way-out = 签订写明承接方的补充协议，请系统管理员或主管部门登记资格承接后再办。
refusal-body-name-same = 名称与现在的“{ $body }”相同，或没有填写。
refusal-body-name-same-way-out = 填写新名称。
refusal-registry-day-wrong = { $on } 这一天不行：更名、合并不能登记在将来或上一次更名之前；岗位移交不能早于今天。
refusal-registry-day-wrong-way-out = 改正日期。
refusal-merger-with-itself = 两边是同一家单位。
refusal-merger-with-itself-way-out = 选两家不同的单位。
refusal-succession-unknown = 这家单位没有待承接的这一角色。
refusal-succession-unknown-way-out = 核对并入的单位和角色。
refusal-post-handed-over = 这个岗位已自 { $on } 起移交给他人。
refusal-post-handed-over-way-out = 由接手人办理；还有别的岗位的，切换后再办。
refusal-handover-not-entered-by-holder = 这次移交不由你登记：由移交人本人办理，或由系统管理员代录；任何人不得为自己登记接手。
refusal-handover-not-entered-by-holder-way-out = 请移交人或另一位系统管理员办理。
refusal-handover-to-oneself = 移交人和接手人是同一人。
refusal-handover-to-oneself-way-out = 移交给本单位的其他人员。
refusal-handover-without-post = 移交人那天不担任这个岗位。
refusal-handover-without-post-way-out = 核对移交人、岗位和日期。
refusal-handover-to-another-body = 接手人不在同一单位任职。
refusal-handover-to-another-body-way-out = 先把接手人登记到本单位。
refusal-handover-post-held = 接手人已经担任这个岗位。
refusal-handover-post-held-way-out = 不用移交；需要的，登记移交人离岗。
refusal-handover-pending = 这个岗位已登记了以后的移交。
refusal-handover-pending-way-out = 等那次移交生效后再登记。
