"""Steps that would harm the person who follows them. A person decides: a security test may need such words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from core.policy.found import Hit
from core.policy.readings import Readings

_SECRET: Final = (
    r"(?:(?:access|api|auth|bearer|github|personal|aws|session|secret|private|ssh|deploy|refresh|production|prod|admin|"
    r"root|real|live|master|signing|encryption|gpg|bot|ci|service|account|database|db|npm|pypi|slack|cloud|2fa|mfa|otp|"
    r"recovery|backup|seed|wallet|license|oauth|id|login|user)[\s_-]*){0,4}"
    r"(?:tokens?|passwords?|passphrases?|secrets?|credentials?|api[\s_-]?keys?|keys?|cookies?|pats?|private key|"
    r"seed phrase|recovery codes?|(?:2fa|otp|mfa|one[- ]time)\s*(?:codes?|passwords?)?|\.env(?:\s+file)?|kubeconfig|"
    r"id_rsa|id_ed25519|ssh[\s_-]keys?|environment variables|env vars?)"
)
_OWN: Final = r"(?:your|their|the\s+(?:production|prod|live|real|admin|root|customer'?s?|captain'?s?)|a\s+real|real|production|live|personal|own|our|my)"
_RULES: Final = (
    (
        "harm.shell",
        re.compile(
            r"\b(?:curl|wget|iwr|irm|invoke-webrequest|invoke-restmethod|fetch|lynx|aria2c)\b[^\n|]{0,300}\|\s*"
            r"(?:sudo\s+(?:-\S+\s+)*)?(?:/\S{0,40}/)?(?:ba|z|da|k|fi|c|tc)?(?:sh|iex|invoke-expression|python[\d.]*|perl|ruby|node|php|source|tee /etc)\b"
            r"|\b(?:ba|z|da)?sh\s+(?:-c\s+)?[\"']?(?:<\s?\(|\$\(|`)\s*(?:curl|wget)\b"
            r"|\b(?:eval|source|\.)\s+[\"']?(?:<\s?\(|\$\(|`)\s*(?:curl|wget)\b"
            r"|\biex\s*\(?\s*(?:\(|new-object|iwr|irm|invoke-)|downloadstring\s*\("
            r"|\bbase64\s+(?:-d|-D|--decode)\b[^\n|]{0,60}\|\s*(?:ba|z|da)?sh\b"
            r"|\bmshta\s+\S|\bpowershell\b[^\n]{0,80}\s-e(?:nc|ncodedcommand)?\s+\S|certutil\s+-urlcache",
            re.IGNORECASE,
        ),
        "runs what another host sends",
    ),
    (
        "harm.secret",
        re.compile(
            rf"\b(?:paste|post|send|share|e-?mail|dm|message|upload|submit|reveal|reply with|comment with|publish|forward|"
            rf"include|provide|disclose|leak|print|echo|copy|attach|tell (?:us|me)|give (?:us|me)|expose|commit|type)\s+"
            rf"(?:us\s+|me\s+|in\s+|over\s+|out\s+)?(?:\w+\s+){{0,2}}?{_OWN}\s+(?:\w+\s+){{0,2}}?{_SECRET}\b"
            rf"|\b(?:paste|post|send|share|e-?mail|upload|publish|put|drop|copy|dump|comment|reply with)\b"
            rf"[^\n.]{{0,60}}?\b{_SECRET}\b[^\n.]{{0,60}}?\b(?:(?:in|into|as|to|on|under)\s+(?:a\s+|an\s+|the\s+|this\s+|your\s+)?(?:public\s+)?(?:reply|replies|"
            rf"comments?|thread|this pull request|this pr|this issue|chat|slack|discord|telegram|dms?|gist|pastebin|issue comment)|below|here so)\b"
            rf"|\b(?:enter|type|paste)\s+{_OWN}\s+(?:github|aws|google|npm|slack|microsoft|bank|work|corporate|real|production|personal|admin|root|sudo|ssh|captain)\s+(?:\w+\s+)?{_SECRET}\b"
            rf"|\b(?:cat|echo|printenv|env|type|curl[^\n|]{{0,120}})\s+[^\n|]{{0,80}}(?:id_rsa|id_ed25519|\.aws/credentials|\.netrc|\.npmrc|/etc/shadow|\.kube/config|\.env\b|secret_access_key|_token\b|gh auth token)"
            rf"[^\n]{{0,60}}\|\s*(?:curl|nc|wget|base64|tee|xclip|pbcopy)",
            re.IGNORECASE,
        ),
        "gives a secret away",
    ),
    (
        "harm.protection",
        re.compile(
            r"\b(?:disable|turn(?:ing)?\s+off|switch(?:ing)?\s+off|deactivate|bypass|remove|uninstall|stop|suspend|kill|skip|relax|lower|lift|drop)\s+"
            r"(?:(?:the|your|all|any|our|this|its|repository'?s?|repo'?s?|company|local|system|both|github|main|master|required|every|machine'?s?)\s+){0,4}"
            r"(?:branch[\s-]protections?(?:\s+rules?)?|protected\s+branch(?:es)?|required\s+(?:reviews?|status\s+checks?|checks)|status\s+checks|code\s*owners?(?:\s+review)?|two[- ]factor|2fa|mfa|multi[- ]factor\w*|"
            r"anti-?virus|firewalls?|defender|gatekeeper|selinux|apparmor|sip\b|system integrity protection|secure\s*boot|smart\s*screen|"
            r"secret\s+scanning|push\s+protection|code\s+scanning|dependabot\s+alerts|audit\s+log(?:s|ging)?|edr\b|vpn\b|endpoint\s+protection|"
            r"(?:tls|ssl|certificate)\s+(?:verification|validation|checks?|checking)|signature\s+(?:verification|checks?)|host\s+key\s+check\w*|"
            r"gpg\s+(?:checks?|verification)|security\s+(?:software|tools?|checks?|settings?|features?|controls?|extensions?|scann\w+|polic\w+)|safe\s+browsing|sandbox(?:ing)?\b|"
            r"circuit\s*breaker|policy\s+(?:engine|gate|checks?)|guardrails?|approval\s+(?:requirement|step|gate)s?)"
            r"|\bset(?:enforce)?\s+0\b|\bsetenforce\s+(?:0|permissive)|\bspctl\s+--master-disable|\bcsrutil\s+disable|\bufw\s+disable|systemctl\s+(?:stop|disable)\s+(?:firewalld|ufw|apparmor|auditd|falcon\S*)"
            r"|set-mppreference\s+-disable|\bxattr\s+-[a-z]*[dc]\b[^\n]{0,60}quarantine|git\s+config\s+(?:--global\s+)?http\.sslverify\s+false|"
            r"node_tls_reject_unauthorized\s*=\s*[\"']?0|npm\s+(?:config\s+)?set\s+strict-ssl\s+false|stricthostkeychecking[ =]no"
            r"|\bignore\s+(?:the\s+|any\s+|all\s+)?(?:\w+\s+){0,2}(?:certificate|security|browser|tls|ssl)\s+(?:warnings?|errors?|alerts?)"
            r"|--dangerously-skip-permissions|--yolo\b",
            re.IGNORECASE,
        ),
        "switches a protection off",
    ),
    (
        "harm.destroy",
        re.compile(
            r"\brm\s+(?:-{1,2}[\w-]+\s+)*-{0,2}\w*(?:rf|fr|r)\w*\s+(?:-{1,2}[\w-]+\s+)*[\"']?(?:/(?:\s|$|\*|etc|usr|var(?:/lib)?[\s/]*$|home|bin|boot|opt\b)|~|\$home|\$\{home\}|\*(?:\s|$)|\.\.?(?:\s|$|/\s))"
            r"|\bmkfs(?:\.\w+)?\s+\S|\bdd\s+[^\n]{0,80}\bof=/dev/|>\s*/dev/(?:sd|nvme|hd|disk)|:\s*\(\s*\)\s*\{\s*:\s*\|\s*:|\bchmod\s+(?:-R\s+)?0?777\s+(?:/|~)(?:\s|$)"
            r"|\bgit\s+push\s+[^\n]{0,60}(?:--force(?!-with-lease)|\s-f\b)[^\n]{0,40}\b(?:main|master|production|release)\b|\bgit\s+push\s+[^\n]{0,40}\b(?:main|master|production|release)\b[^\n]{0,20}(?:--force(?!-with-lease)|\s-f\b)"
            r"|\b(?:drop|truncate|delete|wipe|destroy|erase|purge)\s+(?:(?:the|all|every|your|our|entire|whole|any)\s+){0,3}(?:production|prod|live|customer)\s+(?:\w+\s+){0,2}(?:databases?|db|tables?|data|buckets?|cluster|environment|records|backups?|namespace|volumes?)"
            r"|\bformat\s+c:|\bdel\s+/[sfq]\b|\brd\s+/s\b|vssadmin\s+delete|terraform\s+destroy\s+[^\n]{0,60}(?:-auto-approve|prod)|kubectl\s+delete\s+(?:ns|namespace|all)\b[^\n]{0,40}(?:--all\b|prod|kube-system)"
            r"|\b(?:delete|wipe|erase|remove)\s+(?:your|all your)\s+(?:backups?|home(?:\s+directory|\s+folder)?|hard (?:drive|disk)|\.git|\.ssh|repository|account)\b",
            re.IGNORECASE,
        ),
        "destroys what it runs on",
    ),
    (
        "harm.access",
        re.compile(
            r"\b(?:add|invite|make|grant|give|promote)\s+[^\n.]{0,60}?\b(?:as\s+(?:a\s+|an\s+)?(?:collaborator|admin\w*|maintainer|owner|outside collaborator|org(?:anization)? (?:owner|member))\b"
            r"|(?:admin|write|push|owner|maintain|root|full)\s+(?:access|permissions?|rights?)\s+(?:to|on|for)\s+(?:this|the|our|your)\s+(?:repo\w*|organi[sz]ation|org|account|production))"
            r"|\b(?:add|append|install)\s+(?:this|the following|my|our|an?)\s+(?:\w+\s+){0,2}(?:ssh|deploy|gpg)\s+key\b|authorized_keys"
            r"|\b(?:authori[sz]e|install)\s+(?:this|the|our|my)\s+(?:\w+\s+){0,2}(?:oauth|github|third-party)\s+app\b"
            r"|\b(?:make|set|switch|change)\s+(?:the|this|your|our)\s+(?:repository|repo|bucket|s3 bucket)\s+(?:to\s+)?public\b"
            r"|\b(?:run|open|paste|execute)\b[^\n.]{0,80}\b(?:browser|javascript|dev\s?tools|developer)\s*(?:tools\s+)?console\b[^\n.]{0,80}(?:cookie|token|localstorage|paste|logged|session)"
            r"|\bpaste\b[^\n.]{0,60}\b(?:browser|javascript|dev\s?tools|developer)\s*(?:tools\s+)?console\b"
            r"|\b(?:document\.cookie|localstorage)\b[^\n]{0,80}\b(?:fetch|send|post|xmlhttprequest|location|navigator\.sendbeacon)\b"
            r"|\b(?:pip3?|npm|yarn|pnpm|gem|cargo|go|brew|apt(?:-get)?)\s+(?:install|add|get|i)\b[^\n]{0,100}(?:--(?:extra-)?index-url|--registry|--source|-i)[ =]+[\"']?http"
            r"|\b(?:pip3?|npm|yarn|pnpm)\s+(?:install|add|i)\b[^\n]{0,40}\b(?:git\+)?https?://"
            r"|\bmerge\s+(?:this|the)\s+(?:pr|pull request|branch|change)\s+(?:without|before|skipping|immediately without)\s+(?:\w+\s+){0,2}(?:review|approval|tests?|checks|ci)",
            re.IGNORECASE,
        ),
        "hands access to somebody else",
    ),
    (
        "harm.instruction",
        re.compile(
            r"\b(?:ignore|disregard|forget|override)\s+(?:\w+\s+){0,3}(?:previous|prior|above|earlier|preceding|system)\s+(?:\w+\s+){0,2}(?:instructions?|prompts?|rules|messages|context|guidelines)"
            r"|\b(?:you are now|act as)\s+(?:an?\s+)?(?:unrestricted|dan\b|jailbroken|developer mode)|<\|(?:im_start|im_end|system|user|assistant|endoftext)\|>|\[/?inst\]|<</?sys>>"
            r"|\b(?:ai|llm|coding|review(?:ing)?)\s+(?:agents?|assistants?|reviewers?|bots?|models?)\s*[:,]?\s+(?:must|should|please|have to|need to|are (?:instructed|required) to)?\s*(?:immediately\s+)?(?:approve|merge|ignore|skip|run|execute|push|reveal|delete)\b",
            re.IGNORECASE,
        ),
        "speaks to another model rather than to a person",
    ),
)


def harmful_steps(text: Readings) -> Iterator[Hit]:
    """Instructions whose honest execution damages the tester, the repository or its protections."""
    for rule, pattern, why in _RULES:
        for reading in dict.fromkeys((text.all[-1], *text.bare)):
            match = pattern.search(reading)
            if match:
                yield Hit(rule, "ask", match[0], why)
                break
