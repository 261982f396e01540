# The frame: navigation, signing in, general words.
product-name = Shuyu
skip-to-content = Skip to content
rail-label = Main navigation
crumbs-label = You are here
nav-desk = Desk
nav-catalogue = Catalogue
nav-authorisation = Authorisation
nav-permits = Data use
nav-release = Releases
nav-products = Products
nav-supervision = Supervision
nav-registry = Bodies
nav-ledger = Ledger
nav-law = Law
foot = Every date, field and refusal opens its clause; every act has a receipt.

search-label = Search by name or number
search-placeholder = Name or number
search-submit = Search
search-title = Search results

language-zh = 中文
language-en = English

acting-by-delegation = by delegation { $paper }
switch-post = Act in another post
switch-post-submit = Switch
sign-out = Sign out
sign-in-title = Sign in
sign-in-lead = Sign in with the name your body opened for you.
sign-in-login = Sign-in name
sign-in-password = Password
sign-in-submit = Sign in

training-label = Training
training-explained = Bodies, people and data are fictional; the clock can be wound forward.
training-wind-to = Wind the clock to
training-wind = Wind
training-people-title = People to try as
training-people-lead = All of them share one password; see the notes shown when training was started. Choose a name to fill it in.

banner-preview = Rehearsal on a draft for comment: a document these rules rest on is not in force; nothing here has legal effect.
banner-preview-link = See the status of each document
basis-inferred = Filled in by the platform, not statutory: { $why }
basis-agreement-item = By agreement: { $item }
basis-platform-default = Platform default, not statutory: { $why }

weekday-1 = Mon
weekday-2 = Tue
weekday-3 = Wed
weekday-4 = Thu
weekday-5 = Fri
weekday-6 = Sat
weekday-7 = Sun
month-title = { $year }-{ $month }
limit-working-day = { $n } { $n ->
        [one] working day
       *[other] working days
    }
limit-day = { $n } { $n ->
        [one] day
       *[other] days
    }
limit-month = { $n } { $n ->
        [one] month
       *[other] months
    }
limit-year = { $n } { $n ->
        [one] year
       *[other] years
    }
due-none = No limit
due-today = Due today
due-remaining = { $n } { $n ->
        [one] working day
       *[other] working days
    } left
due-overdue = { $n } { $n ->
        [one] working day
       *[other] working days
    } overdue
provisional = Provisional
size-bytes = { $n } bytes
size-kilobytes = { $n } KB
size-megabytes = { $n } MB
money = CNY { $yuan }
list-joint = { ", " }
yes = Yes
no = No
open = Open

head-what = What
head-from = From
head-due = Due
head-clause = Clause
head-open = Open
head-role = Role
head-body = Body
head-post = Post
head-number = Number
head-title = Title
head-stage = Stage
head-turn = Whose turn
head-status = Status
head-expires = Valid until
head-lane = Lane
head-struck = Columns struck
head-column = Column
head-columns = Columns
head-uses = Uses
head-table = Table
head-entry = Catalogue entry
head-version = Version
head-rows = Rows
head-subjects = About whom
head-release = Release
head-index = Index
head-recorded-at = Written
head-event = Event
head-stream = Belongs to
head-leaf = Leaf hash

refusal-title = Not done
refusal-way-out-label = What would make it pass:
stop-refused = Not done
stop-fault = Something broke
stop-fault-no-effect = The operation did not take effect.
stop-fault-what-to-do = What you typed is kept as a draft. Try again later; if it happens again, give the number below to whoever runs the installation.
stop-fault-reference = Reference: { $reference }
stop-back = Back
fault-sentence = The operation did not take effect. Reference: { $reference }
problem-fault = Fault
problem-fault-way-out = Try again later; if it happens again, give the reference to whoever runs the installation.
problem-forbidden = Not allowed
problem-conflict = In conflict with the present state
problem-unmet = A condition is not met
problem-unknown = Not found
problem-unauthenticated = Not signed in
problem-limited = Beyond a limit
