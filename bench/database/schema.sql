-- SPDX-License-Identifier: MIT
-- The tables of the database benchmark, in the shapes of TechEmpower.
create table world (id int primary key, randomnumber int not null);
insert into world select id, 1 + (id::bigint * 7919) % 10000 from generate_series(1, 10000) as id;
create table fortune (id int primary key, message text not null);
insert into fortune values
    (1, 'A cookie that is not found was never baked.'),
    (2, 'Whoever measures twice compares once.'),
    (3, 'Ask "why" before you ask "how fast".'),
    (4, 'A queue without a limit is a promise without a date.'),
    (5, 'Two clocks: one is wrong. Three clocks: you do not know which.'),
    (6, 'The fastest query is the one that isn''t sent.'),
    (7, 'Bread & butter & bytes.'),
    (8, 'If 1 < 2 and 2 < 3, somebody has sorted.'),
    (9, 'Nothing is as permanent as a workaround.'),
    (10, 'An index is a debt that reads pay back.'),
    (11, '<script>alert("This should not be displayed in a browser alert box.");</script>'),
    (12, '幸運は準備した者に味方する');
analyze;
