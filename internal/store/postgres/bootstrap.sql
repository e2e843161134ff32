-- What every migration stands on: roles, schema, extension. It runs before the
-- migrations and may run any number of times. Roles belong to the cluster, so
-- they stay when the last migration is taken back.

-- name: Roles
-- None of them can log in: a login is made a member of those it needs.
DO $$
DECLARE
    wanted text;
    -- From 16 on, whoever makes a role is a member that may not become it.
    become CONSTANT text := CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['maitred_owner', 'maitred_app', 'maitred_system'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database of the cluster made it at this moment
            END;
        END IF;
        -- Whoever migrates becomes the owner; it need not be one of those who serve.
        IF wanted = 'maitred_owner' AND NOT pg_has_role(current_user, wanted, become) THEN
            BEGIN
                EXECUTE format('GRANT %I TO %I', wanted, current_user);
            EXCEPTION
                WHEN unique_violation THEN
                    NULL; -- as above
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION 'this login is not a member of maitred_owner and may not make itself one' USING ERRCODE = 'insufficient_privilege';
            END;
        END IF;
    END LOOP;
END
$$;

-- name: Schema
-- A name of the schema can be resolved by everyone; what is in it is granted one
-- by one.
DO $$
BEGIN
    IF to_regnamespace('maitred') IS NULL THEN
        CREATE SCHEMA maitred AUTHORIZATION maitred_owner;
        GRANT USAGE ON SCHEMA maitred TO PUBLIC;
    END IF;
END
$$;

-- name: Extension
-- For the exclusion constraint: equality of ids in a GiST index.
CREATE EXTENSION IF NOT EXISTS btree_gist;
