set datestyle to 'Postgres, MDY'

set intervalstyle to 'postgres_verbose'

create table float8_tbl (f1 float8)

insert into float8_tbl (f1) values ('0.0'), ('1004.30'), ('     -34.84'), ('1.2345678901234e+200'), ('nan'), ('-infinity')

insert into float8_tbl (f1) values ('xyz')

insert into float8_tbl (f1) values ('10e400')

select f1, f1 * '-10' as x from float8_tbl order by f1

select exp(f1) from float8_tbl

select f1 / '0.0' from float8_tbl

create table person (name text not null, age int4, location point)

create table emp (salary int4, manager name) inherits (person)

insert into emp values ('sharon', 25, '(15,12)', 1000, 'sam'), ('sam', 30, '(10,5)', 2000, null)

insert into emp values (null, 1, null, null, null)

select p.name, p.age, p.tableoid::regclass, p.ctid from person* p order by name using <

select * from emp e where e.location <@ circle '<(10,10),6>' for update

update emp set salary = salary * 1.1 where manager = 'sam' returning *, salary::money

explain (costs off, verbose) select * from person where age > 20

create function fails(i int) returns int language plpgsql as $$
declare
  detail text;
begin
  raise notice 'argument %', i using detail = 'a "quoted" detail', hint = 'none';
  perform 1 / i;
  return i;
exception when division_by_zero then
  get stacked diagnostics detail = pg_exception_context;
  raise exception 'caught: %', sqlerrm using errcode = 'P0042', detail = detail, column = 'c', constraint = 'k', table = 't', schema = 's', datatype = 'd';
end $$

select fails(1), fails(2)

select fails(0)

select * from nowhere

select nme from person

selekt 1

select 'unterminated

select $tag$ dollar "quoted" \n $tag$, U&'d\0061t\+000061', E'\t\\\x41', B'101', X'1FF', $1

prepare q1 (int, text) as select $1 + 1 as n, $2 || '!' as s

execute q1 (41, E'tab\there')

execute q1 ('a', 'b')

deallocate q1

begin isolation level serializable, read only

declare foo scroll cursor with hold for select g, repeat('x', g) from generate_series(1, 20) g

fetch 3 from foo

fetch backward 2 from foo

move 5 in foo

fetch all from foo

commit

close foo

begin

savepoint one

insert into person values ('x', 'y', 'z')

rollback to savepoint one

release savepoint one

prepare transaction 'never'

rollback

create table parted (a int, b text) partition by range (a)

create table parted_1 partition of parted for values from (1) to (10)

create unique index parted_a on parted (a)

insert into parted values (1, 'one') on conflict (a) do update set b = excluded.b returning a, b

insert into parted values (11, 'eleven')

insert into parted values (1, 'again')

create view names as select name, count(*) over (partition by age) as n from person with local check option

create or replace view names as select name, row_number() over w as n from person window w as (order by name)

create rule nothing as on delete to names do instead nothing

delete from names

with recursive t(n, path) as (select 1, array[1] union all select n + 1, path || n from t where n < 5) select n, path, row(n, path) from t

select json_build_object('a', 1, 'b', array[null, 'x']), '{"k": [1, 2, {"z": null}]}'::jsonb #> '{k,2}', jsonb_path_query('[1,2]', '$[*] ? (@ > 1)')

select int4range(1, 5), numrange(null, 2.5, '[]'), tstzrange('2000-01-01 00:00+00', null), 'fat & (rat | cat)'::tsquery, to_tsvector('english', 'The Fat Rats')

select '192.168.1.5/24'::inet, '08:00:2b:01:02:03'::macaddr, '\xdeadbeef'::bytea, null::uuid, '12:34:56.789+02'::timetz, 'epoch'::timestamptz, '1 mon -2 days'::interval, '-infinity'::date

select grouping(a), a, sum(a), string_agg(b, ',' order by b desc) from parted group by rollup (a)

table parted

values (1, 'a'), (2, null)

create trigger before_update before update on parted for each row execute function suppress_redundant_updates_trigger()

update parted set b = b

merge into parted p using (values (1, 'merged'), (2, 'new')) v(a, b) on p.a = v.a when matched then update set b = v.b when not matched then insert values (v.a, v.b)

truncate parted restart identity cascade

comment on table person is 'it''s a "comment"
of two lines'

select n.nspname as "Schema", c.relname as "Name", case c.relkind when 'r' then 'table' when 'v' then 'view' when 'p' then 'partitioned table' end as "Type", pg_catalog.pg_get_userbyid(c.relowner) as "Owner" from pg_catalog.pg_class c left join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', '') and n.nspname <> 'pg_catalog' and n.nspname !~ '^pg_toast' and n.nspname <> 'information_schema' and pg_catalog.pg_table_is_visible(c.oid) order by 1, 2

select pg_catalog.format_type(a.atttypid, a.atttypmod), a.attname, a.attnotnull, pg_catalog.col_description(a.attrelid, a.attnum) from pg_catalog.pg_attribute a where a.attrelid = 'emp'::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum

do language plpgsql $$ begin for i in 1..3 loop raise info 'loop %', i; raise warning '%', repeat('w', 300); end loop; raise debug 'not sent'; end $$

set client_min_messages = debug5

select 1

reset client_min_messages

set session authorization default

set timezone to 'America/New_York'

show timezone

listen regression

notify regression, 'with a ''payload'''

unlisten *

create role regress_role nologin

drop role if exists regress_role, regress_nobody

vacuum (analyze) emp

reindex table emp

checkpoint

analyze nowhere

lock table emp in access exclusive mode

select pg_notify('nobody', 'x'), pg_sleep(0), current_setting('no.such', true), set_config('application_name', 'regression ✓', false)

select 1; select 2 where false; insert into parted values (3, 'three'); select 1/0; select 'never'

;

-- a comment and nothing else

discard all

drop table person cascade

drop table parted

drop table float8_tbl

drop function fails(int)
