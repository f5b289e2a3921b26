"""What a path says about how a file is merged.

Never: look into the file.
"""

import re

GROUPS = ("python", "script", "markup", "config", "changelog", "generated", "other")
"""The numbers of a file's group are columns of the learned weights: never reorder."""

_GENERATED = re.compile(
    r"(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|requirements[^/]*\.txt|\.pot?|\.min\.js|"
    r"\.min\.css|\.snap|\.lock|\.sum|\.svg|\.ipynb|\.pb\.go|_pb2\.py|schema\.graphql)$|(^|/)(dist|cassettes|generated|gql|"
    r"vendor|node_modules)/"
)
_CHANGELOG = re.compile(
    r"(^|/)(changelog|changes|news|history|releases?|whatsnew|authors|contributors|thanks)[^/]*(/|$)", re.IGNORECASE
)
_TEST = re.compile(r"(^|/)(tests?|__tests__|spec|testing)/|(^|/)(test_|conftest)[^/]*$|[._-](test|spec)\.[a-z]+$")
_BY_EXTENSION = {
    "python": (".py", ".pyi"),
    "script": (
        ".js",
        ".ts",
        ".tsx",
        ".jsx",
        ".mjs",
        ".cjs",
        ".java",
        ".go",
        ".rs",
        ".c",
        ".h",
        ".cc",
        ".cpp",
        ".rb",
        ".cs",
        ".kt",
        ".swift",
        ".php",
        ".scala",
        ".css",
        ".scss",
    ),
    "markup": (".md", ".rst", ".asc", ".adoc", ".txt", ".html", ".tex", ".htm"),
    "config": (".json", ".yml", ".yaml", ".toml", ".cfg", ".ini", ".xml", ".properties", ".env"),
}
_GROUP_OF = {extension: group for group, extensions in _BY_EXTENSION.items() for extension in extensions}


def extension_of(path: str) -> str:
    """With its dot, in lower case; "" where there is none."""
    name = path.rpartition("/")[2]
    return name[name.rfind(".") :].lower() if "." in name else ""


def group_of(path: str) -> str:
    if _GENERATED.search(path):
        return "generated"
    extension = extension_of(path)
    if _CHANGELOG.search(path) and _GROUP_OF.get(extension) not in ("python", "script"):
        return "changelog"
    return _GROUP_OF.get(extension, "other")


def is_test(path: str) -> bool:
    return _TEST.search(path) is not None
