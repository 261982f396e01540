# 单位与人员：持股、法定代表人、认定。
registry-title = 单位与人员
registry-about = 单位的角色和关系从这里登记。登记要有纸质件；姓名和证件号只进人员库和加密比对，不在页面和存证里出现。
registry-bodies = 已登记的单位
registry-roles = 角色
registry-enter = 登记
registry-submit = 登记
registry-list-holdings = 持股与控制
registry-empty-holdings = 还没有登记持股。有参股控股关系的，在下面“登记持股或控制”里申报。
registry-list-findings = 监管认定的关联
registry-empty-findings = 没有认定过关联。
registry-holding = { $number } 号：{ $owner } 持有 { $of } { $share }{ $control ->
    [true] ，声明控制
   *[other] {""}
  }，自 { $from } 起{ $until ->
    [none] {""}
   *[other] ，到 { $until } 止
  }
registry-finding = { $number } 号：{ $a } 与 { $b }，自 { $from } 起{ $until ->
    [none] {""}
   *[other] ，到 { $until } 止
  }
registry-form-holding = 登记持股或控制
registry-lead-holding = 平台内的单位从列表里选；平台外的写名称和统一社会信用代码。由任一方申报，或由系统管理员凭纸质件登记。
registry-form-holding-end = 登记持股终止
registry-lead-holding-end = 由系统管理员或监管部门凭纸质件登记，当事单位不能自己终止。
registry-form-representative = 登记法定代表人
registry-lead-representative = 证件号只用来比对是不是同一个人，不保存。
registry-form-finding = 认定关联
registry-lead-finding = 监管部门凭认定文书登记，从当天起按关联方处理。
registry-form-finding-end = 撤销认定
registry-lead-finding-end = 写明最后一天。
registry-q-owner = 持有方（平台内单位）
registry-q-owner-name = 持有方名称（平台外）
registry-q-owner-code = 持有方统一社会信用代码（平台外）
registry-q-of = 被持有方（平台内单位）
registry-q-of-name = 被持有方名称（平台外）
registry-q-of-code = 被持有方统一社会信用代码（平台外）
registry-q-share = 持股比例（%）
registry-q-control = 声明控制（协议、表决权、派出多数董事等）
registry-q-state = 持有方是国家出资人
registry-q-from = 起始日
registry-q-until = 最后一天（没有就不填）
registry-q-paper = 纸质件扫描
registry-q-number = 编号
registry-q-on = 最后一天
registry-q-body = 单位
registry-q-name = 姓名
registry-q-identity = 证件号码
registry-q-a = 单位
registry-q-b = 另一单位

affiliations-title = 运营机构的关联方
affiliations-lead = “已认定”的，平台拒绝其再开发；“疑似”的只提示，由监管部门核实后认定。—%→ 是持股，⇒ 是声明的控制。
affiliations-empty = 登记里没有运营机构的关联方。
affiliation-established = 已认定
affiliation-suspected = 疑似
affiliation-words = { $body } 与 { $other }：{ $ground ->
    [control] 控制关系 { $chain }
    [common_control] 同受控制 { $chain }
    [representative] 同一法定代表人
   *[finding] 监管认定
  }

registry-list-handovers = 岗位移交
registry-empty-handovers = 没有移交过岗位。
registry-handover = { $body } { $role } { $post }：{ $from } 自 { $on } 起移交 { $to }。未办结：{ $matters ->
    [none] 无
   *[other] { $matters }
  }
registry-former-name = 曾用名：{ $name }（到 { $until }）
registry-merged = 已于 { $on } 并入 { $into }
matter-step = 待本岗位办理
matter-entered = 已拟办，待下一步
matter-draft = 填写中的草稿
matter-duty = 轮到本单位
registry-form-handover = 登记岗位移交
registry-lead-handover = 由移交人本人办理，或由系统管理员凭双方签字的移交单登记；接手人不能自己登记。从当天起，原任人员不再有这个岗位的权限，未办的步骤和草稿由接手人接着办。
registry-form-rename = 登记更名
registry-lead-rename = 旧名保留为曾用名，此前的文书不改。
registry-form-merger = 登记合并
registry-lead-merger = 并入后，承接单位接着办原单位的案卷、审核和许可；原单位的人员要到承接单位重新登记。运营机构、开发主体的资格不随合并转移。
registry-form-succession = 登记资格承接
registry-lead-succession = 凭写明承接方的补充协议，把未随合并转移的角色交给承接单位。
registry-q-from-login = 移交人
registry-q-to-login = 接手人
registry-q-post = 岗位
registry-q-first-day = 从哪天起
registry-q-new-name = 新名称
registry-q-from-body = 并入的单位（不再存续）
registry-q-into = 承接单位
registry-q-role = 角色
