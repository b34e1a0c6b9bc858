create table t.odd (id BIGINT, f FLOAT, g FLOAT, bl BLOB, big DECIMAL(38,10), wide DECIMAL(30,5), "Odd ""col`" VARCHAR, "ñ" INTEGER, mp MAP(VARCHAR, INTEGER), ld DECIMAL(5,2)[], ss STRUCT("a b" INTEGER, l VARCHAR[]));
insert into t.odd values
 (1, 1.1, 0.1, 'ab'::blob, 12345678901234567890.1234567890, 123.45678, 'x', 1, map {'a': 1}, [1.25, null], {'a b': 1, 'l': ['p', null]}),
 (2, -0.5, 3.3, '\x00\xff'::blob, -0.0000000001, -99999.99999, null, null, null, null, null),
 (3, null, null, null, null, null, 'y''s', -7, map {}, [], {'a b': null, 'l': []}),
 (4, 3.4e38, 1e-40, ''::blob, 1, 0.5, '', 100, map {'b': null}, [0.05], {'a b': 9, 'l': null}),
 (5, 2.5, -2.5, 'zz'::blob, 2.5, 2.5, 'x', 1, map {'a': 1}, [1.25], {'a b': 1, 'l': ['p']});
create table t.rare (id BIGINT, s VARCHAR, n VARCHAR, d DATE, ts TIMESTAMP, x DOUBLE, f FLOAT, k INTEGER);
insert into t.rare values
 (1, chr(160) || 'nb' || chr(160), '2020-01-01 24:00:00', 'infinity', 'infinity', 'nan', 'nan', 1),
 (2, chr(12288) || 'wide' || chr(8201), '2020-01-01 23:59:59', '-infinity', '-infinity', 'inf', 'inf', 1),
 (3, chr(8203) || 'x' || chr(9), '2020-02-30', '0044-03-15 (BC)', '0044-03-15 (BC) 10:00:00', '-inf', '-inf', 2),
 (4, chr(5760) || chr(8239) || 'y', '2020-01-01 23:59:60', '2020-02-29', '1969-12-31 23:59:59.999999', 'nan', 'nan', 3),
 (5, '', '', '12020-01-01', '12020-01-01 00:00:00', null, null, 4);
