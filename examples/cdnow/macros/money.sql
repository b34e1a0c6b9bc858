-- Sums of amounts get as many digits as a sum may need; money has 18, of which 2 are cents.
create macro money(amount) as cast(amount as decimal(18, 2));
