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
