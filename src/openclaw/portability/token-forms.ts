/** `<bot id>:<35 letters>`, as BotFather gives it (https://core.telegram.org/bots/api#authorizing-your-bot). */
export function isTelegramToken(token: string): boolean {
  return /^\d+:[\w-]{35}$/.test(token);
}

/** Three parts; the first is the bot's id, a snowflake, in base64 (https://discord.com/developers/docs/reference#authentication). */
export function isDiscordToken(token: string): boolean {
  const [, id = ""] = /^(?:Bot )?([\w-]{20,})\.[\w-]{5,}\.[\w-]{25,}$/.exec(token) ?? [];
  return /^\d{17,20}$/.test(Buffer.from(id, "base64url").toString("latin1"));
}

/** https://api.slack.com/concepts/token-types */
export function isSlackBotToken(token: string): boolean {
  return /^xoxb-[\w-]{10,}$/.test(token);
}

export function isSlackAppToken(token: string): boolean {
  return /^xapp-[\w-]{10,}$/.test(token);
}

/** An `nsec` or 64 hexadecimal digits (docs/channels/nostr.md of OpenClaw's package). */
export function isNostrKey(key: string): boolean {
  return /^(nsec1[02-9ac-hj-np-z]{58}|[0-9a-f]{64})$/i.test(key);
}

/** `numeric_id:secret` (docs/channels/zalo.md of OpenClaw's package). */
export function isZaloToken(token: string): boolean {
  return /^\d+:\S+$/.test(token);
}

/** https://www.twilio.com/docs/glossary/what-is-a-sid */
export function isTwilioAccount(sid: string): boolean {
  return /^AC[0-9a-f]{32}$/i.test(sid);
}
