"""Words by which mail servers give themselves away, in the languages of the big ones."""

import re

# In From: the names and addresses that servers report under.
DAEMONS = re.compile(
    r"daemon|postmaster|mail[ ._-]?delivery|delivery[ ._-]?(?:sub)?system"
    r"|microsoftexchange[0-9a-f]",
    re.IGNORECASE,
)
SUBJECTS = re.compile(
    r"undeliver|user unknown|unknown user"
    r"|delivery[ _-]?(?:status|warning|fail|report|problem|error|notification|incomplete|delayed)"
    r"|(?:mail|message)[ _](?:delivery[ _])?(?:failed|failure|error|delayed|not delivered)"
    r"|failed mail|failure notice|failure delivery|returned[ _]mail|returned to sender"
    r"|could not be delivered|not be delivered|non[ -]delivery|nondeliverable|mail system error"
    r"|unzustellbar|nicht zugestellt|unzustellbarkeit|zustellung fehlgeschlagen|zustellfehler"
    r"|non remis|non distribu|échec de (?:la )?remise|échec de distribution|non délivré"
    r"|no se puede entregar|no entregado|no se ha podido entregar|error de entrega|devuelto"
    r"|não (?:foi )?(?:entregue|possível entregar)|falha na entrega|não entregável"
    r"|non recapitabile|mancato recapito|mancata consegna|impossibile recapitare"
    r"|onbestelbaar|niet bezorgd|kan niet worden bezorgd|niet afgeleverd"
    r"|niedostarcz|nie dostarczono|zwrot wiadomo|nie można dostarczyć"
    r"|kan ikke leveres|ikke leveret|kunne ikke leveres|ikke levert|uleverbar"
    r"|kan inte levereras|olevererbart|kunde inte levereras|inte levererat"
    r"|ei voi(?:tu|da) toimittaa|toimitus epäonnistui|toimittamatta"
    r"|не доставлен|недоставлен|не удалось доставить|невозможно доставить"
    r"|无法送达|無法傳遞|无法传递|未送达|退信|无法投递|配信不能|配信できません|返送|未配信"
    r"|배달되지|배달할 수 없|전송 실패|반송|teslim edilemedi|teslim edilemiyor|iletilemedi"
    r"|לא ניתן למסור|לא נמסרה|לא נמסר",
    re.IGNORECASE,
)
DELAYED = re.compile(
    r"delayed|could not send message for past|has been postponed|still being retried"
    r"|not yet been delivered|will be retried|verzögert|wird noch"
    r"|retardé|retrasad|demorad|atrasad|in ritardo|vertraagd|opóźni|forsinket|försenad|viivästy"
    r"|задерж|延迟|遅延|지연|gecikt",
    re.IGNORECASE,
)
