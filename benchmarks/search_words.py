"""Words that catalogs for `benchmarks/search_ranking.py` are made of: two trades that share no subject.

The ranking was looked at with the first (`SHOP`) while it was made; the second (`CARE`) was written down and left alone until it was done.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Subject:
    """A thing that a company keeps data of.

    Attributes:
        many, one: as names and people call it.
        says: what its table holds, in words that are not in its name.
        asks: how somebody asks who does not know that name.
        term: the word of the business for it, and `also` another one.
        columns: `name: description` of columns that are its own.
    """

    many: str
    one: str
    says: str
    asks: str
    term: str
    also: str
    columns: tuple[str, ...]


def _subjects(text: str) -> tuple[Subject, ...]:
    found = []
    for block in text.strip().split("\n\n"):
        names, says, asks, words, *columns = (line.strip() for line in block.splitlines())
        many, one = names.split(" / ")
        term, also = words.split(" / ")
        found.append(Subject(many, one, says, asks, term, also, tuple(columns)))
    return tuple(found)


@dataclass(frozen=True)
class Trade:
    """A vocabulary: subjects, by what they are told apart, and who works with them."""

    name: str
    subjects: tuple[Subject, ...]
    grains: tuple[str, ...]
    people: tuple[str, ...]


SHOP = Trade(
    "shop",
    _subjects("""
    refunds / refund
    Money given back to buyers after they sent goods home.
    money we gave back to buyers
    reimbursement / chargeback
    refund_reason: Why the buyer wanted it back.
    approved_by: Clerk who agreed.

    orders / order
    Purchases placed in the web store, cancelled ones left out.
    purchases placed in the web store
    sales / bookings
    placed_at: Moment at which it was placed.
    basket_total: Value of all lines before discounts.

    sessions / session
    Visits to the site, cut after half an hour without a click.
    visits to the site
    traffic / footfall
    landing_page: Address that was seen first.
    bounce_flag: Whether only one page was seen.

    invoices / invoice
    Bills sent to business clients, with what is still owed.
    bills sent that are still owed
    receivables / debtors
    due_date: Day until which it has to be paid.
    open_balance: What is still owed.

    churn / churn
    Subscribers who left, and the day of their last payment.
    subscribers who left
    attrition / leavers
    cancelled_on: Day on which they gave notice.
    exit_survey: What they answered when they went.

    shipments / shipment
    Parcels handed to carriers, until they arrive.
    parcels handed to carriers
    consignments / dispatch
    tracking_code: Number by which the carrier knows it.
    promised_day: When it should arrive.

    campaigns / campaign
    Advertising that was paid for, with clicks and spend.
    advertising that was paid for
    promotions / marketing
    click_through: Clicks per thousand views.
    media_budget: What may be spent.

    tickets / ticket
    Questions to support, until somebody closed them.
    questions asked to support
    helpdesk / complaints
    first_reply_minutes: Time until somebody answered.
    satisfaction: Stars that were given at the end.

    suppliers / supplier
    Companies that deliver goods, with terms and ratings.
    companies that deliver goods with ratings
    vendors / manufacturers
    payment_terms: Days until we pay.
    defect_rate: Share of goods that came broken.

    inventory / inventory
    Pieces that lie in warehouses at the end of each day.
    pieces that lie in warehouses
    stock / holdings
    on_hand: Pieces that are there.
    reorder_point: Below it more is bought.

    payouts / payout
    Transfers to sellers of the marketplace, after fees.
    transfers to sellers after fees
    settlements / disbursements
    bank_reference: Text on the statement.
    fee_kept: What was kept back.

    subscriptions / subscription
    Contracts that renew themselves, with plan and price.
    contracts that renew themselves
    recurring_revenue / mrr
    renewal_date: Day of the next renewal.
    plan_tier: Name of the plan.

    reviews / review
    Stars and texts that buyers wrote about articles.
    stars that buyers wrote about articles
    ratings / feedback
    star_count: One to five.
    is_verified: Whether the writer had bought it.

    coupons / coupon
    Codes that lower a price, and how often they were used.
    codes that lower a price
    vouchers / discounts
    redeemed_count: How often it was used.
    face_value: What it takes off.

    employees / employee
    Staff with contract, team and start.
    staff with contract and team
    headcount / workforce
    hired_on: First day at work.
    cost_center: Where it is booked.

    deliveries / delivery
    Stops of own vans at doors, with arrival and signature.
    stops of own vans at doors
    last_mile / dropoffs
    arrived_at: Moment at the door.
    signed_for: Who took it.

    taxes / tax
    Duties owed to states, by rate and country.
    duties owed to states
    vat / levy
    tax_rate: Percent that is owed.
    filing_period: Quarter in which it is declared.

    leads / lead
    Prospects that sales talks to, with stage and odds.
    prospects that somebody talks to
    pipeline / opportunities
    win_odds: How likely it is won.
    next_step: What is done next.

    experiments / experiment
    Trials with two variants, and which of them won.
    trials with two variants
    ab_tests / splits
    variant_name: What was shown.
    uplift: By how much it was better.

    forecasts / forecast
    Expected demand of the coming weeks, by model.
    demand that is expected
    predictions / outlook
    horizon_days: How far ahead.
    model_version: What made it.

    budgets / budget
    Planned spend of departments, and what was changed since.
    planned spend of departments
    allowance / appropriations
    planned_spend: What was agreed.
    revision: How often it was changed.

    accounts / account
    People and companies that can log in, with consent.
    people that can log in
    customers / clients
    signup_source: Where they came from.
    consent_given: Whether we may write to them.

    products / product
    Articles that are or were sold, with size and colour.
    articles that were sold with colour
    catalogue / assortment
    shelf_size: Width in centimetres.
    launch_day: When it was first sold.

    emails / email
    Letters sent to lists, with opens and unsubscribes.
    letters sent to lists
    newsletters / mailings
    open_rate: Share that looked at it.
    unsubscribed: How many want no more.

    incidents / incident
    Outages of the platform, with cause and length.
    outages of the platform
    downtime / disruptions
    root_cause: What broke.
    minutes_down: How long it took.
    """),
    ("day", "country", "customer", "channel", "category", "week"),
    ("ana", "ben", "cleo", "dara", "emil", "fay"),
)

CARE = Trade(
    "care",
    _subjects("""
    admissions / admission
    Patients who were taken in overnight, with ward and doctor.
    patients taken in overnight
    inpatients / intake
    ward_code: Where the bed stands.
    referred_by: Practice that sent them.

    prescriptions / prescription
    Medicine that doctors ordered, with dose and days.
    medicine that doctors ordered
    medication / scripts
    daily_dose: Milligrams for each day.
    repeats_left: How often it may be fetched again.

    appointments / appointment
    Slots in the diary that somebody took, kept or missed.
    slots in the diary that were missed
    consultations / visits
    no_show: Whether nobody came.
    booked_via: Phone, desk or portal.

    claims / claim
    Costs handed to insurers, and what they agreed to pay.
    costs handed to insurers
    remittances / reimbursables
    denial_code: Why nothing was paid.
    allowed_amount: What the insurer accepts.

    vaccinations / vaccination
    Shots given, by batch and arm.
    shots given by batch
    immunisation / jabs
    batch_number: Printed on the vial.
    dose_number: First, second, third.

    surgeries / surgery
    Operations in theatres, from cut to stitch.
    operations in theatres
    procedures / theatre
    incision_time: Moment of the first cut.
    anaesthetist: Who watched the sleep.

    samples / sample
    Blood and tissue sent to the laboratory, with results.
    blood sent to the laboratory
    specimens / labwork
    collected_at: When it was drawn.
    result_value: What was measured.

    ambulances / ambulance
    Rides with a blue light, from call to handover.
    rides with a blue light
    emergency / dispatches
    call_priority: How urgent it is.
    handover_minutes: Time at the door of the hospital.

    nurses / nurse
    Carers on the rota, with grade and hours.
    carers on the rota
    staffing / rostering
    shift_hours: Hours of a week.
    grade_band: Level of pay.

    beds / bed
    Places to lie, free or taken, at midnight.
    places free at midnight
    occupancy / capacity
    free_count: How many are free.
    isolation_only: Whether the room is shut off.

    referrals / referral
    Letters from practices that ask for a specialist.
    letters that ask for a specialist
    handoffs / transfers
    urgency_level: How soon somebody should look.
    specialist_field: Which kind of doctor.

    infections / infection
    Germs caught on the premises, with source and spread.
    germs caught on the premises
    outbreaks / hygiene
    pathogen_name: What it was.
    isolated_on: Day of the first measure.

    payments / payment
    Cash and cards taken at the counter.
    cash taken at the counter
    takings / copay
    card_type: Which card it was.
    till_number: Where it was taken.

    scans / scan
    Pictures of the inside, by machine and region of the body.
    pictures of the inside of the body
    imaging / radiology
    contrast_used: Whether dye was given.
    machine_id: Which device.

    trials / trial
    Studies of new drugs with volunteers.
    studies of new drugs
    research / cohorts
    arm_name: Treatment or placebo.
    enrolled_on: When the volunteer agreed.

    diagnoses / diagnosis
    Findings of doctors, coded, main and minor.
    findings of doctors coded
    conditions / icd
    icd_code: Code of the finding.
    is_chronic: Whether it stays.

    births / birth
    Babies delivered, with weight and way.
    babies delivered with weight
    maternity / newborns
    birth_weight: Grams.
    delivery_mode: By itself or by knife.

    meals / meal
    Trays brought to rooms, with diet and waste.
    trays brought to rooms
    catering / kitchen
    diet_kind: What may be eaten.
    wasted_grams: What came back.

    devices / device
    Pumps and monitors, with service and place.
    pumps and monitors with service
    equipment / assets
    serviced_on: When it was looked at last.
    serial_number: Printed on the back.

    allergies / allergy
    Substances that somebody must not get.
    substances somebody must not get
    intolerances / sensitivities
    reaction_kind: What happens.
    severity_grade: How bad it is.

    discharges / discharge
    Patients who went home, with letter and aftercare.
    patients who went home
    releases / departures
    letter_sent: Whether the practice got a letter.
    aftercare_plan: What follows.

    therapies / therapy
    Courses of physiotherapy and speech, by hour.
    courses of physiotherapy
    rehabilitation / treatments
    course_hours: How many hours.
    goal_reached: Whether it helped.

    donations / donation
    Blood and money that people gave of their own will.
    what people gave of their own will
    gifts / charity
    donor_group: Blood group of who gave.
    pledged_sum: What was promised.

    waits / wait
    Time between asking and being seen.
    time between asking and being seen
    backlog / queue
    waited_days: Days until somebody was seen.
    breach_flag: Whether the promise was broken.

    deaths / death
    People who died in the house, with cause.
    people who died
    mortality / fatalities
    cause_code: What they died of.
    certified_by: Who wrote the paper.
    """),
    ("month", "clinic", "patient", "insurer", "department", "region"),
    ("gina", "hugo", "iris", "joel", "kira", "liam"),
)
TRADES = (SHOP, CARE)
