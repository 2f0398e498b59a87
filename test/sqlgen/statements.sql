select 1
----
SELECT id, name FROM users WHERE id = $1 AND deleted_at IS NULL ORDER BY id LIMIT 10
----
select u.*, count(*) filter (where o.total > 100.50) over (partition by u.id) from "Users" u left join orders o on o.user_id=u.id group by 1 having count(*)>=2
----
INSERT INTO orders (user_id, note, total) VALUES (42, 'it''s "here"', 1.5e3), ($1, E'line\nbreak\\', -7) ON CONFLICT (id) DO UPDATE SET note = excluded.note RETURNING id
----
insert into t values ('C:\', 'Alice')
----
insert into t values (N'C:\', 'Alice'), ('\d+', E'\'')
----
UPDATE accounts SET balance = balance - 100.00, tags = tags || '{a,b}', data = jsonb_set(data, '{a,b}', '"x"') WHERE data @> '{"a": 1}' AND data->>'b' <> 'c' AND data ?| array['a','b']
----
delete from t where ts < now() - interval '1 day 02:03:04' and a[1:2] = '{1,2}' and b::text ~* '^a|b$'
----
WITH RECURSIVE r(n) AS (VALUES (1) UNION ALL SELECT n+1 FROM r WHERE n < 100) SELECT sum(n) FROM r
----
COPY t (a, "b c") FROM STDIN WITH (FORMAT csv, DELIMITER ';', NULL '', QUOTE '"', ESCAPE E'\\', HEADER)
----
COPY (SELECT ';', $$ ) $$ FROM t) TO STDOUT
----
CREATE OR REPLACE FUNCTION f(a int, b text DEFAULT 'x') RETURNS trigger AS $body$
DECLARE
  s text := 'it''s'; -- a comment with a ' in it
BEGIN
  IF a > 1 THEN RAISE NOTICE 'value %: %', a, $q$quoted$q$; END IF;
  EXECUTE 'ALTER ROLE x PASSWORD ' || quote_literal(b);
  RETURN NEW;
END
$body$ LANGUAGE plpgsql
----
DO $$ BEGIN PERFORM 1; END $$
----
CREATE ROLE joe LOGIN PASSWORD 'secret' VALID UNTIL '2030-01-01'
----
ALTER ROLE joe PASSWORD 'SCRAM-SHA-256$4096:c2FsdA==$a:b'
----
CREATE USER MAPPING FOR joe SERVER s OPTIONS (user 'u', "password" 'a')
----
CREATE SUBSCRIPTION s CONNECTION 'host=h user=u password=p' PUBLICATION p1, p2 WITH (copy_data = false)
----
SELECT dblink_connect('postgresql://joe:secret@h/d')
----
/* app:web,controller:users */ SELECT * FROM t -- trailing
----
SELECT 'a'
  'b' -- and
  'c', E'd\'e'
'f', U&'d!0061t' UESCAPE '!', U&"\0061b"
----
select U&'\0041\+000042' uescape '\', b'1010', B'', x'1F', X'ff'
----
SELECT $$a$$, $tag$ $$ $ta$ $tag$, $é$x$é$, $1$$b$$
----
/* nested /* comment */ still */ select 1 /**/ + /***/ 2 --
----
select 1 +-- comment
2, 3 */* comment */ 4, a<>-1, a=-1, a@-1, a*-1, b|/c, !!d, @ -5
----
select 1..10, 1.5.5, a.b.c, f(x => 1, y := 2), a[1:2], b::int[], 5!=6, 7<=8, 9>=1
----
select 0x1F, 0b101, 0o17, 1_000_000, 1_0.5_0e1_0, 12abc, 1e, 1e+, 1.5e, 0x, 0xg, 0b12, 1__0, $1abc
----
select * from t where a = 'x' and b in ('1','2',3) and c between 'a' and 'z' and d like 'it''s%' escape '!' and e similar to '%(b|d)%'
----
SET standard_conforming_strings = off
----
SET TIME ZONE 'Europe/Berlin'; SET search_path TO "$user", public; SHOW work_mem
----
START_REPLICATION SLOT "s" LOGICAL 0/16B3748 (proto_version '4', publication_names '"p","q"')
----
DEALLOCATE PREPARE "my stmt";
----
PREPARE p (int, text) AS SELECT $1, $2; EXECUTE p(1, 'x')
----
NOTIFY channel, 'payload'; LISTEN "Channel"; UNLISTEN *
----
CREATE TABLE "Odd ""Name""" (id bigint GENERATED ALWAYS AS IDENTITY, price numeric(10,2) CHECK (price > 0), t tsvector, CONSTRAINT c UNIQUE (id))
----
SELECT regexp_replace('a\b', '\\', '/'), 'tab\t', 'C:\dir\', E'C:\\dir\\'
----
SELECT to_tsvector('english', 'a fat cat') @@ to_tsquery('fat & cat'), '<->' , a <-> b, '[1,2)'::int4range && x, ~ 5, # 3
----
select date '2024-01-15', timestamp with time zone '2024-01-15 10:30:00+00', float8 '1.5', bit varying '101'
----
MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.v)
----
SELECT "select", "SELECT", SeLeCt_1, _x, x$y, ñandú, 日本語, "😀" FROM "a.b"."c.d"
----
EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM t WHERE x = ANY('{1,2,3}'::int[]) FOR UPDATE SKIP LOCKED
----
select 'unterminated
----
select "unterminated
----
select /* unterminated /* nested */
----
select $a$ unterminated $b$
----
select E'unterminated \'
----
begin; savepoint s1; rollback to savepoint s1; commit
