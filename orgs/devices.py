"""A browser's long name of itself in words that people recognise."""

BROWSERS = (
    ("MicroMessenger/", "微信"),
    ("DingTalk/", "钉钉"),
    ("Edg", "Edge"),
    ("QQBrowser/", "QQ浏览器"),
    ("360SE", "360浏览器"),
    ("Firefox/", "Firefox"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
"""Sign in the browser's name for itself → what people call it; the first that is found counts."""


def device_name(agent: str) -> str:
    """Return browser and system of a User-Agent header ("Chrome · Windows"); empty when it says neither."""
    found = (next((name for sign, name in table if sign in agent), "") for table in (BROWSERS, SYSTEMS))
    return " · ".join(name for name in found if name)
