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
