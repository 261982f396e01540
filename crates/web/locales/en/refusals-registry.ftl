# Refusals about bodies, ties and posts.
refusal-affiliate-may-not-redevelop = { $body } may not re-develop: { $ground ->
    [itself] it is the operator itself
    [control] one of it and the operator { $other } controls the other ({ $chain })
    [common_control] it and the operator { $other } are controlled by the same ({ $chain })
    [representative] it and the operator { $other } have the same legal representative
   *[finding] a regulator found it affiliated with the operator { $other }
  }.
refusal-affiliate-may-not-redevelop-way-out = It goes once the tie has ended and its end is entered; if the registry is wrong, have a system administrator or a supervisor mend it.
refusal-tie-not-yours = This entry is not yours: the bodies concerned, a system administrator or a supervisor make it; no body ends its own.
refusal-tie-not-yours-way-out = Have a system administrator enter it from the paper.
refusal-body-unknown = This body is not registered.
refusal-body-unknown-way-out = Choose one from the list, or register it first.
refusal-holding-of-oneself = Both sides are the same body.
refusal-holding-of-oneself-way-out = Choose two different ones.
refusal-holding-share-invalid = A share is between 0 and 100 % with at most two decimals; without one, control must be declared.
refusal-holding-share-invalid-way-out = Follow the articles or the proof of contribution.
refusal-holding-ends-before-start = The last day is before the first.
refusal-holding-ends-before-start-way-out = Mend the dates.
refusal-holding-unknown = There is no holding No. { $number }.
refusal-holding-unknown-way-out = Choose one from the list.
refusal-holding-ended = Holding No. { $number } has ended already.
refusal-holding-ended-way-out = Nothing is left to enter.
refusal-representative-incomplete = A legal representative has a name and a valid identity number.
refusal-representative-incomplete-way-out = Copy them from the document; check the last character of a resident identity number.
refusal-finding-entered = The same finding stands as No. { $number }.
refusal-finding-entered-way-out = Nothing is left to enter.
refusal-finding-unknown = There is no finding No. { $number }, or it is lifted.
refusal-finding-unknown-way-out = Choose one from the list.
refusal-body-merged = { $body } went into { $into } on { $on } and acts no more.
refusal-body-merged-way-out = { $into } acts; have people of the former body enrolled there.
refusal-authorisation-not-passed = { $from } went into { $body }, but this authorisation did not pass by the merger.
refusal-authorisation-not-passed-way-out = Sign a supplementary agreement that names the successor and have it entered by a system administrator or the authority.
refusal-body-name-same = The name is the present one, “{ $body }”, or empty.
refusal-body-name-same-way-out = Enter the new name.
refusal-registry-day-wrong = { $on } cannot be: renames and mergers are not entered for a day to come or before the last rename, and no post is handed over before today.
refusal-registry-day-wrong-way-out = Mend the date.
refusal-merger-with-itself = Both sides are the same body.
refusal-merger-with-itself-way-out = Choose two different ones.
refusal-succession-unknown = This body has no such role waiting for a successor.
refusal-succession-unknown-way-out = Check the merged body and the role.
refusal-post-handed-over = This post was handed over from { $on } on.
refusal-post-handed-over-way-out = Whoever received it acts; switch to another post of yours if you hold one.
refusal-handover-not-entered-by-holder = This handover is not yours to enter: the holder does, or a system administrator from the paper; nobody enters one in their own favour.
refusal-handover-not-entered-by-holder-way-out = Ask the holder or another system administrator.
refusal-handover-to-oneself = The same person hands over and receives.
refusal-handover-to-oneself-way-out = Hand over to another person of the body.
refusal-handover-without-post = Whoever hands over does not hold this post on that day.
refusal-handover-without-post-way-out = Check person, post and day.
refusal-handover-to-another-body = Whoever receives it holds no post in the same body.
refusal-handover-to-another-body-way-out = Enrol them in the body first.
refusal-handover-post-held = Whoever receives it holds this post already.
refusal-handover-post-held-way-out = Nothing is left to hand over.
refusal-handover-pending = A later handover of this post is entered already.
refusal-handover-pending-way-out = Wait until it has taken effect.
