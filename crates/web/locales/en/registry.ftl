# Bodies and people: holdings, legal representatives, findings.
registry-title = Bodies and people
registry-about = Roles of bodies and what ties them are entered here, from papers. Names and identity numbers go to the person vault and a keyed comparison only; they stand neither on pages nor in the record.
registry-bodies = Registered bodies
registry-roles = Roles
registry-enter = Enter
registry-submit = Enter
registry-list-holdings = Holdings and control
registry-empty-holdings = No holding is entered. Whoever has one declares it below.
registry-list-findings = Affiliations found by a regulator
registry-empty-findings = None was found.
registry-holding = No. { $number }: { $owner } holds { $share } of { $of }{ $control ->
    [true] , control declared
   *[other] {""}
  }, from { $from }{ $until ->
    [none] {""}
   *[other] {" "}to { $until }
  }
registry-finding = No. { $number }: { $a } and { $b }, from { $from }{ $until ->
    [none] {""}
   *[other] {" "}to { $until }
  }
registry-form-holding = Enter a holding or control
registry-lead-holding = Choose bodies of the platform from the list; write name and credit code of others. Either side declares it, or a system administrator enters it from the paper.
registry-form-holding-end = End a holding
registry-lead-holding-end = By a system administrator or a supervisor from the paper; the bodies themselves cannot.
registry-form-representative = Enter a legal representative
registry-lead-representative = The number serves only to see whether it is the same person, and is not kept.
registry-form-finding = Find two bodies affiliated
registry-lead-finding = A supervisor enters it from the decision; it holds from today.
registry-form-finding-end = Lift a finding
registry-lead-finding-end = Give the last day.
registry-q-owner = Holder (body of the platform)
registry-q-owner-name = Name of the holder (outside)
registry-q-owner-code = Credit code of the holder (outside)
registry-q-of = Held (body of the platform)
registry-q-of-name = Name of the one held (outside)
registry-q-of-code = Credit code of the one held (outside)
registry-q-share = Share (%)
registry-q-control = Control declared (agreement, votes, most of the board)
registry-q-state = The holder holds for the state
registry-q-from = First day
registry-q-until = Last day (leave empty if open)
registry-q-paper = Scan of the paper
registry-q-number = Number
registry-q-on = Last day
registry-q-body = Body
registry-q-name = Name
registry-q-identity = Number of the identity document
registry-q-a = Body
registry-q-b = The other body

affiliations-title = Affiliates of the operator
affiliations-lead = Established ones are refused re-development; suspected ones are shown only, until a supervisor finds them affiliated. —%→ is a share, ⇒ is control declared.
affiliations-empty = The registry shows no affiliate of the operator.
affiliation-established = Established
affiliation-suspected = Suspected
affiliation-words = { $body } and { $other }: { $ground ->
    [control] control { $chain }
    [common_control] controlled by the same { $chain }
    [representative] the same legal representative
   *[finding] found by a regulator
  }

registry-list-handovers = Posts handed over
registry-empty-handovers = No post was handed over.
registry-handover = { $body } { $role } { $post }: { $from } hands over to { $to } from { $on }. Open: { $matters ->
    [none] nothing
   *[other] { $matters }
  }
registry-former-name = Formerly { $name } (to { $until })
registry-merged = Went into { $into } on { $on }
matter-step = waits for this post
matter-entered = entered, waits for the next step
matter-draft = form begun
matter-duty = the body's turn
registry-form-handover = Hand a post over
registry-lead-handover = The holder enters it, or a system administrator from the paper both signed; never whoever receives it. From that day on the old holder has no access by this post; waiting steps and drafts go on with the new one.
registry-form-rename = Enter a rename
registry-lead-rename = The old name stays as a former name; papers of before keep it.
registry-form-merger = Enter a merger
registry-lead-merger = The successor goes on with cases, reviews and permits of the other; its people are enrolled anew with the successor. What an operator or developer was authorised to do does not pass by a merger.
registry-form-succession = Enter that a role passes
registry-lead-succession = From a supplementary agreement that names the successor: a role that did not pass by the merger.
registry-q-from-login = Who hands over
registry-q-to-login = Who receives
registry-q-post = Post
registry-q-first-day = First day
registry-q-new-name = New name
registry-q-from-body = Body that ends
registry-q-into = Successor
registry-q-role = Role
