-- What of the ground of the migrations is there; bootstrap.sql makes it.

-- name: Foundations
SELECT 'role ' || wanted, EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted)
FROM unnest(ARRAY['maitred_owner', 'maitred_app', 'maitred_system']) AS wanted
UNION ALL
SELECT 'schema maitred', to_regnamespace('maitred') IS NOT NULL
UNION ALL
SELECT 'extension btree_gist', EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'btree_gist');
