// Where tickets are sent, from the script tag: to a gateway, or without one directly to Zendesk.

const ZENDESK =
  /^zendesk:(?:([a-z0-9-]{1,63})(?:\.zendesk\.com)?|(https:\/\/[^\s/?#@]+|http:\/\/(?:localhost|127\.0\.0\.1)(?::\d+)?))$/;

/** The value that was warned about already. */
let named = "";

/**
 * The address of the Zendesk that is used in place of a gateway; empty if there is none.
 * @param {{dataset: Record<string, string | undefined>}} script
 */
export const zendeskOf = ({ dataset: { destination = "" } }) => {
  const [, subdomain, origin] = destination.match(ZENDESK) ?? [];
  const zendesk = origin ?? (subdomain ? `https://${subdomain}.zendesk.com` : "");
  if (!zendesk && named != destination)
    console.warn(
      `deskbell: data-destination: "${(named = destination)}" is none; zendesk:SUBDOMAIN (1 to 63 of a-z, 0-9 and -) or zendesk:https://HOST`,
    );
  return zendesk;
};
