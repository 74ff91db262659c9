import type { ChannelKind } from "./channel-kind.ts";
import {
  isDiscordToken,
  isNostrKey,
  isSlackAppToken,
  isSlackBotToken,
  isTelegramToken,
  isTwilioAccount,
  isZaloToken,
} from "./token-forms.ts";

const MESSAGE_IT = "Send the bot a message; it answers as before.";
const MENTION_IT = "Send the bot a message, and mention it in a channel; it answers both.";
const THROUGH_WEBHOOK =
  "Send a message; no answer means that the public URL still leads to the old machine.";

/**
 * The channels of OpenClaw 2026.9 that live by what the configuration holds. Names of settings and
 * variables are those of the pages in `source`, all below `docs/channels` of OpenClaw's package.
 */
export const CHANNEL_TABLE: readonly ChannelKind[] = [
  {
    channel: "telegram",
    name: "Telegram",
    credentials: [
      {
        what: "bot token",
        keys: ["botToken"],
        files: ["tokenFile"],
        env: "TELEGRAM_BOT_TOKEN",
        isForm: isTelegramToken,
      },
    ],
    inbound: { key: "webhookUrl" },
    note: "Only one gateway may poll with it: Telegram refuses a second one (409).",
    renewal: "Get a new token from @BotFather (/revoke), and put it where the old one is.",
    afterwards: MESSAGE_IT,
    source: "telegram.md",
  },
  {
    channel: "discord",
    name: "Discord",
    credentials: [
      {
        what: "bot token",
        keys: ["token"],
        env: "DISCORD_BOT_TOKEN",
        isForm: isDiscordToken,
      },
    ],
    note: "Two gateways with it would both answer every message.",
    renewal: "Reset the token in Discord's developer portal, and put it where the old one is.",
    afterwards: MENTION_IT,
    source: "discord/setup.md",
  },
  {
    channel: "slack",
    name: "Slack",
    credentials: [
      {
        what: "bot token",
        keys: ["botToken"],
        env: "SLACK_BOT_TOKEN",
        isForm: isSlackBotToken,
      },
      {
        what: "app token",
        keys: ["appToken"],
        env: "SLACK_APP_TOKEN",
        isForm: isSlackAppToken,
        when: { key: "mode", is: ["socket"], usually: "socket" },
      },
      {
        what: "signing secret",
        keys: ["signingSecret"],
        env: "SLACK_SIGNING_SECRET",
        when: { key: "mode", is: ["http"] },
      },
    ],
    inbound: { key: "mode", is: ["http"] },
    note: "Slack shares the messages out among all gateways that are connected with it.",
    renewal: "Install the app again in Slack's app settings, and put the new tokens in.",
    afterwards: MENTION_IT,
    source: "slack.md",
  },
  {
    channel: "mattermost",
    name: "Mattermost",
    credentials: [{ what: "bot token", keys: ["botToken"], env: "MATTERMOST_BOT_TOKEN" }],
    conditions: ["The Mattermost server can be reached from the new machine."],
    renewal: "Make a new token for the bot account in Mattermost.",
    afterwards: MENTION_IT,
    source: "mattermost.md",
  },
  {
    channel: "clickclack",
    name: "ClickClack",
    credentials: [
      { what: "bot token", keys: ["token"], files: ["tokenFile"], env: "CLICKCLACK_BOT_TOKEN" },
    ],
    conditions: ["The ClickClack server can be reached from the new machine."],
    renewal: "Make a new setup code in ClickClack, and run: openclaw channels add clickclack",
    afterwards: MESSAGE_IT,
    source: "clickclack.md",
  },
  {
    channel: "feishu",
    name: "Feishu / Lark",
    credentials: [{ what: "app secret", keys: ["appSecret"] }],
    inbound: { key: "connectionMode", is: ["webhook"] },
    renewal: "Reset the App Secret on the Feishu open platform.",
    afterwards: MESSAGE_IT,
    source: "feishu/configuration-reference.md",
  },
  {
    channel: "qqbot",
    name: "QQ bot",
    credentials: [
      {
        what: "app secret",
        keys: ["clientSecret"],
        files: ["clientSecretFile"],
        env: "QQBOT_CLIENT_SECRET",
      },
    ],
    renewal: "Regenerate the AppSecret on the QQ Open Platform.",
    afterwards: MESSAGE_IT,
    source: "qqbot.md",
  },
  {
    channel: "yuanbao",
    name: "Yuanbao",
    credentials: [{ what: "app secret", keys: ["appSecret", "token"] }],
    renewal: "Reset the App Secret in the Yuanbao app.",
    afterwards: MESSAGE_IT,
    source: "yuanbao.md",
  },
  {
    channel: "zalo",
    name: "Zalo bot",
    credentials: [
      {
        what: "bot token",
        keys: ["botToken"],
        files: ["tokenFile"],
        env: "ZALO_BOT_TOKEN",
        isForm: isZaloToken,
      },
    ],
    inbound: { key: "webhookUrl" },
    note: "Polling and webhook exclude each other, and so do two pollers.",
    renewal: "Make a new token on the Zalo bot platform.",
    afterwards: MESSAGE_IT,
    source: "zalo.md",
  },
  {
    channel: "twitch",
    name: "Twitch",
    credentials: [
      { what: "access token", keys: ["accessToken"], env: "OPENCLAW_TWITCH_ACCESS_TOKEN" },
    ],
    conditions: [
      "The token has not run out: without refreshToken and clientSecret it lasts a few hours.",
    ],
    renewal: "Generate a new access token for Twitch.",
    afterwards: "Write in the bot's channel and mention it; it answers.",
    source: "twitch.md",
  },
  {
    channel: "irc",
    name: "IRC",
    credentials: [
      {
        what: "server password",
        keys: ["password"],
        files: ["passwordFile"],
        env: "IRC_PASSWORD",
        optional: true,
      },
    ],
    note: "A nick that is still in use on the old machine is refused.",
    renewal: "Ask the network's services for a new password.",
    afterwards: "Mention the bot's nick in one of its channels; it answers.",
    source: "irc.md",
  },
  {
    channel: "nostr",
    name: "Nostr",
    credentials: [
      {
        what: "private key",
        keys: ["privateKey"],
        env: "NOSTR_PRIVATE_KEY",
        isForm: isNostrKey,
      },
    ],
    note: "The key is the identity: two gateways with it would both answer.",
    renewal: "A lost key is a lost identity: make a new one, and tell those who write to it.",
    afterwards: "Send a direct message to its npub; it answers.",
    source: "nostr.md",
  },
  {
    channel: "buzz",
    name: "Buzz",
    credentials: [{ what: "private key", keys: ["privateKey"], env: "BUZZ_PRIVATE_KEY" }],
    renewal: "Make a new bot key, and have it admitted to the workspace and its rooms.",
    afterwards: "Mention the bot in a room; it answers.",
    source: "buzz.md",
  },
  {
    channel: "tlon",
    name: "Tlon",
    credentials: [{ what: "login code", keys: ["code"] }],
    conditions: ["The Urbit ship can be reached from the new machine."],
    renewal: "Run +code in the ship's dojo, and put the code in.",
    afterwards: MESSAGE_IT,
    source: "tlon.md",
  },
  {
    channel: "msteams",
    name: "Microsoft Teams",
    credentials: [
      {
        what: "app password",
        keys: ["appPassword"],
        env: "MSTEAMS_APP_PASSWORD",
        when: { key: "authType", is: ["secret"], usually: "secret" },
      },
    ],
    inbound: true,
    renewal: "Add a client secret to the bot's app registration in Azure.",
    afterwards: THROUGH_WEBHOOK,
    source: "msteams/setup.md",
  },
  {
    channel: "googlechat",
    name: "Google Chat",
    credentials: [
      {
        what: "service account",
        keys: ["serviceAccount", "serviceAccountRef"],
        files: ["serviceAccountFile"],
        env: "GOOGLE_CHAT_SERVICE_ACCOUNT",
      },
    ],
    inbound: true,
    renewal: "Make a new key of the service account in Google Cloud.",
    afterwards: THROUGH_WEBHOOK,
    source: "googlechat.md",
  },
  {
    channel: "line",
    name: "LINE",
    credentials: [
      {
        what: "channel access token",
        keys: ["channelAccessToken"],
        files: ["tokenFile"],
        env: "LINE_CHANNEL_ACCESS_TOKEN",
      },
      {
        what: "channel secret",
        keys: ["channelSecret"],
        files: ["secretFile"],
        env: "LINE_CHANNEL_SECRET",
      },
    ],
    inbound: true,
    renewal: "Issue a new token in the LINE Developers Console.",
    afterwards: THROUGH_WEBHOOK,
    source: "line.md",
  },
  {
    channel: "sms",
    name: "SMS (Twilio)",
    credentials: [
      {
        what: "account SID",
        keys: ["accountSid"],
        env: "TWILIO_ACCOUNT_SID",
        isForm: isTwilioAccount,
      },
      { what: "auth token", keys: ["authToken"], env: "TWILIO_AUTH_TOKEN" },
    ],
    inbound: true,
    renewal: "Take a new auth token at Twilio.",
    afterwards: THROUGH_WEBHOOK,
    source: "sms.md",
  },
  {
    channel: "synology-chat",
    name: "Synology Chat",
    credentials: [{ what: "webhook token", keys: ["token"], env: "SYNOLOGY_CHAT_TOKEN" }],
    inbound: true,
    renewal: "Make a new outgoing webhook in Synology Chat.",
    afterwards: THROUGH_WEBHOOK,
    source: "synology-chat.md",
  },
  {
    channel: "nextcloud-talk",
    name: "Nextcloud Talk",
    credentials: [
      {
        what: "bot secret",
        keys: ["botSecret"],
        files: ["botSecretFile"],
        env: "NEXTCLOUD_TALK_BOT_SECRET",
      },
    ],
    inbound: true,
    renewal: "Install the bot again with: occ talk:bot:install",
    afterwards: THROUGH_WEBHOOK,
    source: "nextcloud-talk.md",
  },
];
