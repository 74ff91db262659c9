/**
 * A configuration that no gateway starts with, to stand in a state directory while a restore
 * replaces what is in there. OpenClaw 2026.9 was seen to refuse it before it makes or repairs
 * anything, for two reasons that do not depend on each other:
 *
 * - It says that a newer OpenClaw wrote it. That is looked at first of all, with the state opened
 *   so that nothing is changed, and before a copy of the configuration (`.last-good`, `.bak`) is
 *   considered (future-config-guard of its package). An environment can overrule it.
 * - It has a key that there is not, and no `gateway.mode`. That alone is refused too, but where the
 *   command line says `--allow-unconfigured`, as in containers, only after a database was made.
 *
 * Words that are no JSON5 are refused as well, as late as an unknown key.
 */
export const BARRED_CONFIG = `// Clawback is putting this OpenClaw back from a backup, or was cut off while it did.
// This is not OpenClaw's configuration: it keeps the gateway from starting until all is in place.
// If no restore is running any more, run any command of Clawback as the same user, such as
//
//     clawback snapshots
//
// It completes the restore or takes it back, says which, and the configuration is here again.
{
  "meta": { "lastTouchedVersion": "9999.1.1" },
  "clawback": "a restore is under way"
}
`;
